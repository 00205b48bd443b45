import { type Alignment, toQuery } from '../../src/recognition/local/alignment';
import { frequencyOf, timeOf, wordOf } from '../../src/recognition/local/fingerprint';
import {
  FIRST_BIN,
  FRAMES_PER_SECOND,
  LAST_BIN,
  PER_BIN,
  PER_FRAME,
} from '../../src/recognition/local/params';
import type { QueryPeaks } from '../../src/recognition/local/query';

/** Random peaks, for what is looked at one part at a time: no audio, so the truth about each peak is known. */

/** Frame and bin of a peak of the air. */
export interface Peak {
  readonly time: number;
  readonly frequency: number;
}

/** A recording's peaks as a fingerprint packs them: 20 per second, eight of them landmarks, anywhere in the band. */
export function randomWords(next: () => number, durationS: number, perSecond = 20): Uint32Array {
  const end = Math.floor(durationS * FRAMES_PER_SECOND * PER_FRAME);
  const words = Array.from({ length: Math.round(durationS * perSecond) }, () => {
    const frequency = PER_BIN * FIRST_BIN + Math.floor(next() * PER_BIN * (LAST_BIN - FIRST_BIN));
    return wordOf(Math.floor(next() * end), frequency, next() < 0.4);
  });
  return Uint32Array.from(words).sort();
}

/** Peaks of the air that tell nothing: anywhere between two frames. */
export function randomPeaks(next: () => number, from: number, to: number, count: number): Peak[] {
  return Array.from({ length: count }, () => ({
    time: from + next() * (to - from),
    frequency: FIRST_BIN + next() * (LAST_BIN - FIRST_BIN),
  }));
}

/** The peaks of a recording that sounds on the air as the alignment says, between two frames of the air. */
export function playedPeaks(words: Uint32Array, alignment: Alignment, from: number, to: number): Peak[] {
  return Array.from(words, (word) => ({
    time: toQuery(alignment, timeOf(word) / PER_FRAME),
    frequency: (frequencyOf(word) / PER_BIN) * alignment.pitch,
  })).filter(({ time, frequency }) => time >= from && time < to && frequency <= LAST_BIN);
}

/** Each peak moved by up to so much, up or down. */
export function jittered(next: () => number, peaks: readonly Peak[], by: number): Peak[] {
  return peaks.map(({ time, frequency }) => ({
    time: time + (2 * next() - 1) * by,
    frequency: frequency + (2 * next() - 1) * by,
  }));
}

/** A random part of a list, in its order. */
export function someOf<T>(next: () => number, list: readonly T[], share: number): T[] {
  return list.filter(() => next() < share);
}

/** Peaks as the air is asked about: in order of time. */
export function queryOf(peaks: readonly Peak[]): QueryPeaks {
  const sorted = [...peaks].sort((a, b) => a.time - b.time);
  return {
    time: Float64Array.from(sorted, (peak) => peak.time),
    frequency: Float64Array.from(sorted, (peak) => peak.frequency),
    count: sorted.length,
  };
}
