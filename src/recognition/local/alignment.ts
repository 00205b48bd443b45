import { frequencyOf, timeOf } from './fingerprint';
import { LAST_BIN, PER_BIN, PER_FRAME } from './params';
import type { PeakMap } from './query';

/**
 * How a recording lies on a session's time line: its frame `r` sounds at session frame `queryAt + (r − referenceAt) /
 * tempo`, its bin `b` at bin `b × pitch`.
 */
export interface Alignment {
  readonly queryAt: number;
  readonly referenceAt: number;
  /** Recording's duration by the air's: 1.02 = played 2 % faster. */
  readonly tempo: number;
  readonly pitch: number;
}

/** By how much tempo or pitch differs from the recording's, whichever does by more. */
export function departure({ tempo, pitch }: Pick<Alignment, 'tempo' | 'pitch'>): number {
  return Math.max(Math.abs(tempo - 1), Math.abs(pitch - 1));
}

/** Where a session and a recording meet, frames of both. */
export interface Point {
  readonly query: number;
  readonly reference: number;
}

/** Session frame at which the recording's frame sounds. */
export function toQuery(alignment: Alignment, referenceFrame: number): number {
  return alignment.queryAt + (referenceFrame - alignment.referenceAt) / alignment.tempo;
}

/** The recording's frame that sounds at a session frame. */
export function toReference(alignment: Alignment, queryFrame: number): number {
  return alignment.referenceAt + (queryFrame - alignment.queryAt) * alignment.tempo;
}

/** First peak of `words` at or after half frame `time`. */
export function lowerBound(words: Uint32Array, time: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeOf(words[middle]!) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Coincidence {
  /** Peaks of the recording that the air has, and that it should have, in the loaded stretch. */
  hits: number;
  expected: number;
}

/** Calls `each(session frame, bin)` for the recording's peaks that should sound within the loaded stretch. */
export function forEachExpected(
  words: Uint32Array,
  map: PeakMap,
  alignment: Alignment,
  each: (frame: number, bin: number) => void,
): void {
  const first = lowerBound(words, toReference(alignment, map.fromFrame) * PER_FRAME);
  const last = lowerBound(words, toReference(alignment, map.toFrame) * PER_FRAME);
  const { pitch, queryAt, referenceAt, tempo } = alignment;
  for (let i = first; i < last; i++) {
    const word = words[i]!;
    const bin = (frequencyOf(word) / PER_BIN) * pitch;
    if (bin <= LAST_BIN) each(queryAt + (timeOf(word) / PER_FRAME - referenceAt) / tempo, bin);
  }
}

/** Counts the recording's peaks that sound where the alignment says, within the loaded stretch. */
export function coincide(words: Uint32Array, map: PeakMap, alignment: Alignment, out: Coincidence): void {
  let hits = 0;
  let expected = 0;
  // The innermost loop of the refinement: written out, without `forEachExpected` and its call for every peak.
  const { pitch, queryAt, referenceAt, tempo } = alignment;
  const first = lowerBound(words, toReference(alignment, map.fromFrame) * PER_FRAME);
  const last = lowerBound(words, toReference(alignment, map.toFrame) * PER_FRAME);
  for (let i = first; i < last; i++) {
    const word = words[i]!;
    const bin = (frequencyOf(word) / PER_BIN) * pitch;
    if (bin > LAST_BIN) continue;
    const hit = map.at(queryAt + (timeOf(word) / PER_FRAME - referenceAt) / tempo, bin);
    if (hit < 0) continue;
    hits += hit;
    expected++;
  }
  out.hits = hits;
  out.expected = expected;
}

/** Sum of the grades with which the recording's peaks are found; a sharper measure than `coincide`. */
export function graded(words: Uint32Array, map: PeakMap, alignment: Alignment): number {
  let sum = 0;
  forEachExpected(words, map, alignment, (frame, bin) => {
    sum += Math.max(0, map.grade(frame, bin));
  });
  return sum;
}
