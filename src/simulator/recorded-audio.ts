import { ByteCache } from './byte-cache';
import { synthesiseMusic } from './synth/music';
import { synthesiseSpeech } from './synth/speech';

/** Gives the audio behind the names of a programme. */
export interface AudioProvider {
  /**
   * 16-bit mono at AIR_RATE.
   * @param key a recording's key, or the name of a jingle or of a stretch of speech, as programmes give them
   * @param lengthMs its length
   */
  get(key: string, lengthMs: number): Int16Array;
}

/** Synthesises the audio behind a name: the same for the same arguments. */
export function synthesise(seed: number, key: string, lengthMs: number): Int16Array {
  if (key.startsWith('speech/')) return synthesiseSpeech(key, lengthMs / 1_000);
  return synthesiseMusic(key.startsWith('jingle/') ? key : `${seed}/${key}`, lengthMs / 1_000);
}

/** Audio that is synthesised when first asked for, the least recently used forgotten. */
export class RecordedAudio implements AudioProvider {
  private readonly cache: ByteCache<Int16Array>;

  constructor(
    private readonly seed: number,
    maxBytes = 120e6,
  ) {
    this.cache = new ByteCache(maxBytes);
  }

  has(key: string, lengthMs: number): boolean {
    return this.cache.has(`${key} ${lengthMs}`);
  }

  /** Takes what was synthesised elsewhere. */
  put(key: string, lengthMs: number, samples: Int16Array): void {
    this.cache.put(`${key} ${lengthMs}`, samples);
  }

  get(key: string, lengthMs: number): Int16Array {
    const kept = this.cache.get(`${key} ${lengthMs}`);
    if (kept !== undefined) return kept;
    const samples = synthesise(this.seed, key, lengthMs);
    this.put(key, lengthMs, samples);
    return samples;
  }
}
