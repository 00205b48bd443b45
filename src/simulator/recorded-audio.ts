import { synthesiseMusic } from './synth/music';
import { synthesiseSpeech } from './synth/speech';

/** The audio behind the names of a programme, synthesised when first asked for, the least recently used forgotten. */
export class RecordedAudio {
  private readonly kept = new Map<string, Int16Array>();
  private bytes = 0;

  constructor(
    private readonly seed: number,
    private readonly maxBytes = 150e6,
  ) {}

  /**
   * 16-bit mono at AIR_RATE.
   * @param key a recording's key, or the name of a jingle or of a stretch of speech, as programmes give them
   * @param lengthMs its length
   */
  get(key: string, lengthMs: number): Int16Array {
    const name = `${key} ${lengthMs}`;
    let samples = this.kept.get(name);
    if (samples === undefined) {
      samples = key.startsWith('speech/')
        ? synthesiseSpeech(key, lengthMs / 1_000)
        : synthesiseMusic(key.startsWith('jingle/') ? key : `${this.seed}/${key}`, lengthMs / 1_000);
      this.bytes += samples.byteLength;
    } else {
      this.kept.delete(name);
    }
    this.kept.set(name, samples);
    for (const [oldest, audio] of this.kept) {
      if (this.bytes <= this.maxBytes || oldest === name) break;
      this.kept.delete(oldest);
      this.bytes -= audio.byteLength;
    }
    return samples;
  }
}
