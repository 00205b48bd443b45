import { Worker } from 'node:worker_threads';
import { compiled } from '../../paths';
import type { Programme } from '../programme';
import type { RecordedAudio } from '../recorded-audio';
import type { RenderAnswer, RenderRequest } from './render-worker';
import type { FrameStore } from './spliced';

/** Requests that wait at the worker at once: what is needed soonest must not queue behind much else. */
const MAX_PENDING = 2;

/**
 * Has the audio of what comes next synthesised (and encoded, for spliced stations) in a thread, before it is needed:
 * made at the moment of need, it would hold up every listener at once.
 */
export class Preparer {
  private readonly worker = new Worker(compiled('src/simulator/live/render-worker'));
  private readonly pending = new Set<string>();
  private failure: Error | undefined;

  constructor(
    private readonly audio: RecordedAudio,
    private readonly frames: FrameStore | undefined,
  ) {
    this.worker.on('message', (answer: RenderAnswer) => {
      this.pending.delete(`${answer.key} ${answer.lengthMs}`);
      if ('mp3' in answer) this.frames?.put(answer.key, answer.lengthMs, Buffer.from(answer.mp3.buffer));
      else this.audio.put(answer.key, answer.lengthMs, answer.samples);
    });
    // Without the thread everything is made at the moment of need.
    this.worker.on('error', (error) => {
      this.failure = error;
      process.stderr.write(`simulateur : ${error.stack}\n`);
    });
    this.worker.unref();
  }

  /**
   * Asks for what these programmes air between two times (ms from the origin) and is not there yet, soonest first.
   * @returns whether anything is still missing
   */
  prepare(programmes: Iterable<Programme>, fromMs: number, toMs: number): boolean {
    if (this.failure !== undefined) return false;
    const store = this.frames ?? this.audio;
    const missing = [...programmes]
      .flatMap((programme) => programme.elementsBetween(fromMs, toMs))
      .filter(({ key, audioMs }) => !store.has(key, audioMs))
      .sort((a, b) => a.startMs - b.startMs);
    for (const { key, audioMs } of missing) {
      if (this.pending.size >= MAX_PENDING) break;
      const name = `${key} ${audioMs}`;
      if (this.pending.has(name)) continue;
      this.pending.add(name);
      const frames = this.frames && { frames: this.frames.quality };
      const request: RenderRequest = { ...this.audio.request(key, audioMs), ...frames };
      this.worker.postMessage(request);
    }
    return missing.length > 0;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
