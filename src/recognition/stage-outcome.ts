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

/** The outcome of a stage whose service named nothing. */
export function withoutName(method: DetectionMethod, answer: ApiAnswer<unknown>): StageOutcome {
  const status = answer.status === 'success' ? 'no_match' : DETECTION_OF[answer.status];
  return { method, status, detail: answer.detail };
}

/** The outcome of a stage that asked nobody. */
export function skipped(method: DetectionMethod, detail: string): StageOutcome {
  return { method, status: 'skipped', detail };
}
