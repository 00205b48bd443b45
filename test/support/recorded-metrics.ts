import type { StageMetrics } from '../../src/recognition/stage-metrics';

/** Keeps what the stages told, so that a test can count it. */
export class RecordedMetrics implements StageMetrics {
  readonly calls: { api: string; endpoint: string; status: string; seconds: number }[] = [];
  readonly detections: {
    method: string;
    status: string;
    seconds: number | undefined;
    confidence: number | undefined;
  }[] = [];

  apiCall: StageMetrics['apiCall'] = (api, endpoint, status, seconds) => {
    this.calls.push({ api, endpoint, status, seconds });
  };

  detection: StageMetrics['detection'] = (method, status, seconds, confidence) => {
    this.detections.push({ method, status, seconds, confidence });
  };

  /** Statuses of the HTTP requests, in order. */
  statuses(): string[] {
    return this.calls.map(({ status }) => status);
  }
}
