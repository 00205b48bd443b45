import { diag } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  type CollectionResult,
  InstrumentType,
  type MetricCollectOptions,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { UsageWindow } from '../processes';
import { reshape } from './reshape';

/** A scrape that takes longer is given up, ms. */
const LONGEST_SCRAPE_MS = 2_000;

/** Scrapes closer together than this get the same text, ms. */
const FRESH_MS = 100;

/**
 * What an observable gauge no longer reports must vanish from the next scrape: the SDK does that for delta temporality
 * only (with cumulative it repeats the last value for ever). For a gauge there is no other difference.
 */
function temporality(type: InstrumentType): AggregationTemporality {
  return type === InstrumentType.OBSERVABLE_GAUGE
    ? AggregationTemporality.DELTA
    : AggregationTemporality.CUMULATIVE;
}

/** OpenTelemetry's Prometheus exporter without its own server and request handler: collection and rendering. */
export class MetricsExporter extends PrometheusExporter {
  readonly #usage = new UsageWindow();
  readonly #serializer = new PrometheusSerializer('', false, undefined, true, true);
  #running: Promise<string> | undefined;
  #last: { at: number; text: string } | undefined;

  constructor() {
    super({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true });
  }

  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return temporality(type);
  }

  override async collect(options?: MetricCollectOptions): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect(options);
    return { resourceMetrics: reshape(resourceMetrics, this.#usage), errors };
  }

  /**
   * The exposition in Prometheus' text format 0.0.4. Who asks while it is being made gets the same one.
   * @throws when the SDK cannot collect within two seconds
   */
  async render(options: { fresh?: boolean } = {}): Promise<string> {
    if (!options.fresh && this.#last && performance.now() - this.#last.at < FRESH_MS) return this.#last.text;
    // A fresh one must begin now: what runs already may have read its values before the caller's last change.
    if (options.fresh) await this.#running?.catch(() => undefined);
    this.#running ??= this.#render().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #render(): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('collection took too long')), LONGEST_SCRAPE_MS - 100);
    });
    try {
      const timeoutMillis = LONGEST_SCRAPE_MS - 200;
      const { resourceMetrics, errors } = await Promise.race([this.collect({ timeoutMillis }), late]);
      if (errors.length > 0) diag.error('metrics collection errors', ...errors);
      const text = this.#serializer.serialize(withoutUnits(resourceMetrics));
      this.#last = { at: performance.now(), text };
      return text;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** `# UNIT` belongs to OpenMetrics and to its names; in the format that is served it would be a stray comment. */
function withoutUnits(collected: ResourceMetrics): ResourceMetrics {
  return {
    resource: collected.resource,
    scopeMetrics: collected.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric) => ({ ...metric, descriptor: { ...metric.descriptor, unit: '' } })),
    })),
  };
}

/** Pushes the same families elsewhere (OTLP). */
export class PushReader extends PeriodicExportingMetricReader {
  readonly #usage = new UsageWindow();

  override async collect(options?: MetricCollectOptions): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect(options);
    return { resourceMetrics: reshape(resourceMetrics, this.#usage), errors };
  }

  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return type === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : super.selectAggregationTemporality(type);
  }
}
