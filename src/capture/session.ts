import { v4 as uuid } from 'uuid';
import { instruments } from '../../otel/metrics/instruments';
import { seconds } from '../audio';
import type { Clock } from '../clock';
import { AirClock } from './air-clock';
import type { CaptureSink, Codec, StreamFault } from './types';

/**
 * One connection's audio as the rest sees it: begins with its first sample, counts them, ends once. A connection that
 * gives no audio leaves no trace here.
 */
export class Session {
  private readonly airClock = new AirClock();
  private readonly sessionId: string;
  private started = false;
  private codec: Codec | undefined;
  private lastTitle = '';
  private pendingTitle: string | undefined;
  private samples = 0;

  constructor(
    private readonly stationId: number,
    private readonly sink: CaptureSink,
    private readonly clock: Clock,
    /** Where the audio comes from, without credentials; asked when it begins. */
    private readonly url: () => string,
  ) {
    this.sessionId = `${stationId}-${uuid()}`;
  }

  /** Seconds of audio so far. */
  get heardS(): number {
    return seconds(this.samples);
  }

  setCodec(codec: Codec): void {
    this.codec ??= codec;
  }

  audio(samples: Int16Array): void {
    const { stationId, sessionId, sink } = this;
    if (samples.length === 0 || !this.codec) return;
    if (!this.started) {
      this.started = true;
      sink.sessionStarted({ stationId, sessionId, codec: this.codec, url: this.url() });
      if (this.pendingTitle !== undefined) this.tell(this.pendingTitle);
    }
    const firstSample = this.samples;
    this.samples += samples.length;
    instruments.audioHeard.add(seconds(samples.length));
    const sampleZeroAt = this.airClock.arrived(this.samples, this.clock.now());
    sink.audio({ stationId, sessionId, firstSample, samples, sampleZeroAt });
  }

  title(title: string): void {
    if (title === this.lastTitle) return;
    this.lastTitle = title;
    if (this.started) this.tell(title);
    else this.pendingTitle = title;
  }

  end(fault: StreamFault | undefined, detail: string): void {
    if (!this.started) return;
    this.started = false;
    const { stationId, sessionId, samples, sink } = this;
    sink.sessionEnded({ stationId, sessionId, detail, samples, ...(fault ? { fault } : {}) });
  }

  private tell(title: string): void {
    const { stationId, sessionId, sink } = this;
    sink.title({ stationId, sessionId, title, atSample: this.samples });
  }
}
