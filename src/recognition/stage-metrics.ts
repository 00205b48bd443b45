import type { DetectionMethod, DetectionStatus } from './types';

/** How one HTTP request to an outside service ended. A closed set: the `status` label of sodav_external_api_requests_total. */
export const API_STATUSES = [
  'success',
  'no_match',
  'timeout',
  'rate_limited',
  'client_error',
  'server_error',
  'invalid_answer',
  'unreachable',
  'quota',
  'unauthorized',
] as const;
export type ApiStatus = (typeof API_STATUSES)[number];

export type Api = 'acoustid' | 'audd';

/** What the outside stages tell about themselves. */
export interface StageMetrics {
  /** One HTTP request, retries counted one by one. `seconds` until its answer was read or given up. */
  apiCall(api: Api, endpoint: string, status: ApiStatus, seconds: number): void;
  /** One attempt of a stage at one play. `seconds` is absent when nothing was attempted (`skipped`). */
  detection(method: DetectionMethod, status: DetectionStatus, seconds?: number, confidence?: number): void;
}
