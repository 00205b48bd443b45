import { Random } from '../../src/simulator/random';
import { ffmpeg, STUDIO, STUDIO_RATE, samplesOf } from './ffmpeg';
import type { Song } from './material';
import type { Progress } from './progress';

/** Seconds of an excerpt: the longest query at the highest speed; and the silence after each. */
export const EXCERPT_S = 22;
export const PAUSE_S = 1;
/** A song's start sounds this long into the excerpt `intro` before the query begins with it. */
const FADE_S = 6;
const TALK_S = 9;

/** What is asked: this song, heard from this second on. */
export interface Excerpt {
  readonly song: Song;
  readonly fromS: number;
}

/** Excerpts of all kinds, 44.1 kHz stereo, one after the other with pauses. */
export class Excerpts {
  readonly middles: readonly Excerpt[];
  readonly starts: readonly Excerpt[];
  private readonly slot = Math.round((EXCERPT_S + PAUSE_S) * STUDIO_RATE) * 2;
  private readonly audio: Record<'middle' | 'start', Int16Array>;

  constructor(
    library: readonly Song[],
    count: number,
    private readonly seed: number,
    private readonly speech: Int16Array,
    progress: Progress,
  ) {
    const random = new Random(seed, 'excerpts');
    const long = library.filter(({ reference }) => reference.durationS > EXCERPT_S + 12);
    // Every song as often as any other, as far as the number allows.
    const order: Song[] = [];
    while (long.length > 0 && order.length < count) {
      const drawn = long.map((song) => ({ song, key: random.next() })).toSorted((a, b) => a.key - b.key);
      order.push(...drawn.map(({ song }) => song));
    }
    const songs = order.slice(0, count);
    this.middles = songs.map((song) => ({
      song,
      fromS: random.between(5, song.reference.durationS - EXCERPT_S - 5),
    }));
    this.starts = songs.map((song) => ({ song, fromS: 0 }));
    this.audio = {
      middle: this.cut(this.middles, progress),
      start: this.cut(this.starts, progress),
    };
  }

  private cut(excerpts: readonly Excerpt[], progress: Progress): Int16Array {
    const out = new Int16Array(this.slot * excerpts.length);
    for (const [i, { song, fromS }] of excerpts.entries()) {
      progress.show(i / excerpts.length, 'extraits');
      const part = samplesOf(
        ffmpeg('-ss', fromS.toFixed(3), '-t', String(EXCERPT_S), '-i', song.path, '-vn', ...STUDIO, '-'),
      );
      out.set(part.subarray(0, this.slot), i * this.slot);
    }
    return out;
  }

  get length(): number {
    return this.middles.length;
  }

  get plain(): Int16Array {
    return this.audio.middle;
  }

  /** Each excerpt with something laid over it, `db` weaker than itself (RMS over the excerpt). */
  mixed(over: 'speech' | 'noise', db: number): Int16Array {
    const random = new Random(this.seed, 'mix', over, db);
    const { middle } = this.audio;
    const out = new Int16Array(middle.length);
    const length = EXCERPT_S * STUDIO_RATE;
    for (let k = 0; k < this.length; k++) {
      const at = k * this.slot;
      const other = over === 'speech' ? this.speechFrom(random, length) : whiteNoise(random, length);
      const gain = rms(middle.subarray(at, at + 2 * length)) / rms(other) / 10 ** (db / 20);
      for (let i = 0; i < length; i++) {
        for (const channel of [0, 1]) {
          const n = at + 2 * i + channel;
          out[n] = clamp(0.6 * (middle[n]! + gain * other[i]!));
        }
      }
    }
    return out;
  }

  private speechFrom(random: Random, length: number): Int16Array {
    const from = Math.floor(random.next() * (this.speech.length - length));
    return this.speech.subarray(from, from + length);
  }

  /** Each excerpt for 2 s alone, then fading over into the next one's song until 12 s. */
  crossfaded(): Int16Array {
    const { middle } = this.audio;
    const out = new Int16Array(middle.length);
    for (let k = 0; k < this.length; k++) {
      const at = k * this.slot;
      const next = ((k + 1) % this.length) * this.slot;
      for (let i = 0; i < this.slot; i++) {
        const share = Math.min(1, Math.max(0, (i / 2 / STUDIO_RATE - 2) / 10));
        out[at + i] = clamp(
          Math.cos((Math.PI / 2) * share) * middle[at + i]! +
            Math.sin((Math.PI / 2) * share) * middle[next + i]!,
        );
      }
    }
    return out;
  }

  /** Each song's start, faded in over 6 s from another song, with speech at 0 dB over its first 9 s. */
  intros(): Int16Array {
    const random = new Random(this.seed, 'intros');
    const { middle, start } = this.audio;
    const out = new Int16Array(start.length);
    const talk = TALK_S * STUDIO_RATE;
    for (let k = 0; k < this.length; k++) {
      const at = k * this.slot;
      const former = ((k + 1) % this.length) * this.slot;
      const speech = this.speechFrom(random, talk);
      const gain = rms(start.subarray(at, at + 10 * STUDIO_RATE * 2)) / rms(speech);
      for (let i = 0; i < this.slot; i++) {
        const share = Math.min(1, i / 2 / STUDIO_RATE / FADE_S);
        const said = i < 2 * talk ? gain * speech[i >> 1]! : 0;
        const music =
          Math.sin((Math.PI / 2) * share) * start[at + i]! +
          Math.cos((Math.PI / 2) * share) * middle[former + i]!;
        out[at + i] = clamp(0.6 * (music + said));
      }
    }
    return out;
  }
}

function whiteNoise(random: Random, length: number): Int16Array {
  return Int16Array.from({ length }, () => (random.next() + random.next() + random.next() - 1.5) * 16_000);
}

function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.max(1, Math.sqrt(sum / samples.length));
}

function clamp(x: number): number {
  return x > 32_767 ? 32_767 : x < -32_768 ? -32_768 : x;
}
