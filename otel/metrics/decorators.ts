import type { ServerResponse } from 'node:http';
import { setRouteSource } from '../http/labels';
import type { MetricLabels } from './catalogue';
import { instruments } from './instruments';

/**
 * Each of these gives a stage-3 method decorator, `@trackDetection({…})`, that is as well a wrapper of a function:
 * `const timed = trackDetection({…})(recognise)`. What the function returns or throws goes through unchanged.
 */
type Track<R> = <T, A extends unknown[], F extends R>(
  run: (this: T, ...args: A) => F,
  context?: ClassMethodDecoratorContext,
) => (this: T, ...args: A) => F;

type DetectionLabels = MetricLabels<'detections'>;
type ApiLabels = MetricLabels<'externalApiRequests'>;
type QueryLabels = MetricLabels<'dbQueryDuration'>;

/** Calls `over` when `run` has returned, resolved, thrown or rejected. */
function watched<T, A extends unknown[], F>(
  run: (this: T, ...args: A) => F,
  over: (seconds: number, end: { result: Awaited<F> } | { error: unknown }) => void,
): (this: T, ...args: A) => F {
  return function (this: T, ...args: A): F {
    const started = performance.now();
    const end = (how: { result: Awaited<F> } | { error: unknown }) =>
      over((performance.now() - started) / 1000, how);
    let returned: F;
    try {
      returned = run.apply(this, args);
    } catch (error) {
      end({ error });
      throw error;
    }
    if (!(returned instanceof Promise)) {
      end({ result: returned as Awaited<F> });
      return returned;
    }
    return returned.then(
      (result) => {
        end({ result });
        return result;
      },
      (error) => {
        end({ error });
        throw error;
      },
    ) as F;
  };
}

/** What a detection's result must tell: the outcome, and a confidence only where the method computes one. */
export interface TrackedDetection {
  readonly status: DetectionLabels['status'];
  readonly identification?: { readonly confidence?: number } | undefined;
  readonly confidence?: number | undefined;
}

/**
 * One attempt of a method: sodav_detections_total, sodav_detection_duration_seconds and, for a success with a
 * confidence, sodav_detection_confidence. What throws counts as `failure`.
 */
export function trackDetection(options: {
  method: DetectionLabels['detection_method'];
}): Track<TrackedDetection | Promise<TrackedDetection>> {
  const detection_method = options.method;
  return (run) =>
    watched(run, (seconds, end) => {
      const result = 'result' in end ? (end.result as TrackedDetection) : undefined;
      const status = result?.status ?? 'failure';
      instruments.detections.add(1, { detection_method, status });
      instruments.detectionDuration.record(seconds, { detection_method });
      const confidence = result?.confidence ?? result?.identification?.confidence;
      if (status === 'success' && confidence !== undefined) {
        instruments.detectionConfidence.record(confidence, { detection_method });
      }
    });
}

/**
 * One request to an outside service: sodav_external_api_requests_total and sodav_external_api_duration_seconds.
 * @param options.status of a result, or of what was thrown
 */
export function trackExternalApi<R>(options: {
  api: ApiLabels['api'];
  endpoint: ApiLabels['endpoint'];
  status(end: { result: Awaited<R> } | { error: unknown }): ApiLabels['status'];
}): Track<R> {
  const { api, endpoint } = options;
  return (run) =>
    watched(run, (seconds, end) => {
      const status = options.status(end as { result: Awaited<R> } | { error: unknown });
      instruments.externalApiRequests.add(1, { api, endpoint, status });
      instruments.externalApiDuration.record(seconds, { api, endpoint });
    });
}

/** One query made without knex (knex's are observed by `observeQueries`): sodav_db_query_duration_seconds. */
export function trackDbQuery(labels: QueryLabels): Track<unknown> {
  return (run) =>
    watched(run, (seconds) => {
      instruments.dbQueryDuration.record(seconds, labels);
    });
}

/**
 * Names the `endpoint` of requests that are answered outside of a router. The request itself is counted and timed by
 * the HTTP instrumentation, once, whoever answers it.
 */
export function trackHttpRequest(options: { endpoint: string }) {
  const source = { route: () => options.endpoint };
  return <T, A extends [{ readonly res: ServerResponse }, ...unknown[]], F>(
    run: (this: T, ...args: A) => F,
    _context?: ClassMethodDecoratorContext,
  ): ((this: T, ...args: A) => F) =>
    function (this: T, ...args: A): F {
      setRouteSource(args[0].res, source);
      return run.apply(this, args);
    };
}
