import type { Attributes, Meter } from '@opentelemetry/api';
import { connectInstruments, disconnectInstruments } from '../../otel/metrics/instruments';

interface Detection {
  readonly method: string;
  readonly status: string;
  seconds?: number;
  confidence?: number;
}

/** A meter on the real instruments that keeps what they are told about detections and outside calls, in order. */
export class RecordedMetrics {
  readonly calls: { api: string; endpoint: string; status: string }[] = [];
  readonly detections: Detection[] = [];
  /** Of the outside calls. */
  readonly seconds: number[] = [];

  constructor() {
    const instrument = (name: string) => ({
      add: (_: number, labels: Attributes = {}) => this.counted(name, labels as Record<string, string>),
      record: (value: number) => this.recorded(name, value),
    });
    connectInstruments({ createCounter: instrument, createHistogram: instrument } as unknown as Meter);
  }

  /** Statuses of the HTTP requests, in order. */
  statuses(): string[] {
    return this.calls.map(({ status }) => status);
  }

  disconnect(): void {
    disconnectInstruments();
  }

  private counted(name: string, labels: Record<string, string>): void {
    if (name === 'sodav.external_api.requests') {
      this.calls.push({ api: labels.api!, endpoint: labels.endpoint!, status: labels.status! });
    } else if (name === 'sodav.detections') {
      this.detections.push({ method: labels.detection_method!, status: labels.status! });
    }
  }

  /** Durations and confidences are told right after the detection that they belong to. */
  private recorded(name: string, value: number): void {
    const last = this.detections.at(-1);
    if (name === 'sodav.external_api.duration') this.seconds.push(value);
    else if (name === 'sodav.detection.duration' && last) last.seconds = value;
    else if (name === 'sodav.detection.confidence' && last) last.confidence = value;
  }
}
