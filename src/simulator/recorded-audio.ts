import { ByteCache } from './byte-cache';
import { decodeSong } from './files';
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

/** Everything that audio is made from; can be sent to a thread. */
export interface AudioRequest {
  readonly seed: number;
  readonly key: string;
  readonly lengthMs: number;
  /** The file that holds it; absent: it is synthesised. */
  readonly path?: string;
}

/** Makes the audio behind a name: the same for the same request. */
export function makeAudio({ seed, key, lengthMs, path }: AudioRequest): Int16Array {
  if (path !== undefined) return decodeSong(path, lengthMs);
  if (key.startsWith('speech/')) return synthesiseSpeech(key, lengthMs / 1_000);
  return synthesiseMusic(key.startsWith('jingle/') ? key : `${seed}/${key}`, lengthMs / 1_000);
}

/** Audio that is made when first asked for, the least recently used forgotten. */
export class RecordedAudio implements AudioProvider {
  private readonly cache: ByteCache<Int16Array>;

  /** @param files where recordings are that are files, by their keys */
  constructor(
    private readonly seed: number,
    private readonly files: ReadonlyMap<string, string> = new Map(),
    maxBytes = 120e6,
  ) {
    this.cache = new ByteCache(maxBytes);
  }

  request(key: string, lengthMs: number): AudioRequest {
    const path = this.files.get(key);
    return { seed: this.seed, key, lengthMs, ...(path !== undefined && { path }) };
  }

  has(key: string, lengthMs: number): boolean {
    return this.cache.has(`${key} ${lengthMs}`);
  }

  /** Takes what was made elsewhere. */
  put(key: string, lengthMs: number, samples: Int16Array): void {
    this.cache.put(`${key} ${lengthMs}`, samples);
  }

  get(key: string, lengthMs: number): Int16Array {
    const kept = this.cache.get(`${key} ${lengthMs}`);
    if (kept !== undefined) return kept;
    const samples = makeAudio(this.request(key, lengthMs));
    this.put(key, lengthMs, samples);
    return samples;
  }
}
