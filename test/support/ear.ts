import { joined } from '../../src/capture/native/resampler';
import type {
  AudioChunk,
  CaptureSink,
  ConnectFailed,
  SessionEnded,
  SessionStarted,
  StreamTitle,
} from '../../src/capture/types';

/** Hears everything that capture tells, and keeps it. */
export class Ear implements CaptureSink {
  readonly started: SessionStarted[] = [];
  readonly chunks: AudioChunk[] = [];
  readonly titles: StreamTitle[] = [];
  readonly ended: SessionEnded[] = [];
  readonly failed: ConnectFailed[] = [];
  /** Samples of all sessions. */
  heard = 0;
  /** Everything in its order, by name. */
  readonly order: string[] = [];

  sessionStarted(event: SessionStarted): void {
    this.order.push('started');
    this.started.push(event);
  }
  audio(chunk: AudioChunk): void {
    if (this.order.at(-1) !== 'audio') this.order.push('audio');
    this.chunks.push(chunk);
    this.heard += chunk.samples.length;
  }
  title(event: StreamTitle): void {
    this.order.push('title');
    this.titles.push(event);
  }
  sessionEnded(event: SessionEnded): void {
    this.order.push('ended');
    this.ended.push(event);
  }
  connectFailed(event: ConnectFailed): void {
    this.order.push('failed');
    this.failed.push(event);
  }

  /** All samples of a session (default: the first), checked to be without a hole. */
  samples(session = 0): Int16Array {
    const id = this.started[session]?.sessionId;
    const chunks = this.chunks.filter(({ sessionId }) => sessionId === id);
    let at = 0;
    for (const { firstSample, samples } of chunks) {
      if (firstSample !== at) throw new Error(`a hole: sample ${firstSample} where ${at} was due`);
      at += samples.length;
    }
    return joined(chunks.map(({ samples }) => samples));
  }
}

/** Waits until `condition` gives something; fails after `ms` of this machine's time. */
export async function until<T>(condition: () => T | undefined | false, ms = 60_000): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
