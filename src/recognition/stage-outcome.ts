import type { ApiAnswer, ApiStatus } from './api-call';
import type { DetectionMethod, DetectionStatus, StageOutcome } from './types';

/** The end of a stage by the end of its last request, for answers that name no recording. */
const DETECTION_OF: Record<Exclude<ApiStatus, 'success'>, DetectionStatus> = {
  no_match: 'no_match',
  timeout: 'timeout',
  rate_limited: 'rate_limited',
  quota: 'rate_limited',
  client_error: 'failure',
  server_error: 'failure',
  invalid_answer: 'failure',
  unreachable: 'failure',
  unauthorized: 'failure',
};

/**
 * The outcome of a stage whose service named nothing.
 * @param notBefore where that was no answer: when the service may be asked again, ms since the epoch
 */
export function withoutName(
  method: DetectionMethod,
  answer: ApiAnswer<unknown>,
  notBefore: number,
): StageOutcome {
  const status = answer.status === 'success' ? 'no_match' : DETECTION_OF[answer.status];
  const later = status === 'no_match' ? {} : { notBefore };
  return { method, status, detail: answer.detail, ...later };
}

/**
 * The outcome of a stage that asked nobody.
 * @param notBefore the play is still to be asked about, from then on, ms since the epoch; absent: it need not be
 */
export function skipped(method: DetectionMethod, detail: string, notBefore?: number): StageOutcome {
  return { method, status: 'skipped', detail, ...(notBefore === undefined ? {} : { notBefore }) };
}

/** How long a play that got no answer waits to be asked about again, each time; after the last one it is given up. */
const PAUSES_MS = [5, 30, 120, 360, 1_440].map((minutes) => minutes * 60_000);

/**
 * When to ask again about a play that got no answer, ms since the epoch; undefined: not any more.
 * @param retries how often it was put off before
 */
export function askAgainAt(notBefore: number, retries: number, now: number): number | undefined {
  const pause = PAUSES_MS[retries];
  return pause === undefined ? undefined : Math.max(notBefore, now + pause);
}
