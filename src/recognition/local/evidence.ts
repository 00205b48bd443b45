import { type Alignment, lowerBound, toReference } from './alignment';
import { frequencyOf, timeOf } from './fingerprint';
import { LAST_BIN, PER_BIN, PER_FRAME } from './params';
import type { PeakMap } from './query';

/**
 * Log-likelihood ratio of "the recording sounds here" against "something else does", peak by peak of the recording:
 * with it, a peak is found with probability `present`; without it, by chance.
 */
export interface Weights {
  readonly hit: number;
  readonly miss: number;
}

/**
 * @param rate share of the recording's peaks found where it was recognised, 0–1
 * @param chance share that a wrong alignment finds, 0–1
 */
export function weightsFor(rate: number, chance: number): Weights {
  const absent = Math.min(0.3, Math.max(0.01, chance));
  // Half the measured rate: the edges of a song (fades, talk-over) are heard worse than its middle.
  const present = Math.min(0.6, Math.max(2.5 * absent, 0.15, 0.5 * rate));
  return { hit: Math.log(present / absent), miss: Math.log((1 - present) / (1 - absent)) };
}

/** Calls `each(reference frame, evidence in nats)` for the recording's peaks between two session frames, in order. */
export function forEachEvidence(
  words: Uint32Array,
  map: PeakMap,
  alignment: Alignment,
  weights: Weights,
  range: { readonly from: number; readonly to: number; readonly backwards?: boolean },
  each: (referenceFrame: number, nats: number) => void,
): void {
  const first = lowerBound(words, toReference(alignment, range.from) * PER_FRAME);
  const last = lowerBound(words, toReference(alignment, range.to) * PER_FRAME) - 1;
  const { pitch, queryAt, referenceAt, tempo } = alignment;
  for (let n = 0; n <= last - first; n++) {
    const word = words[range.backwards ? last - n : first + n]!;
    const bin = (frequencyOf(word) / PER_BIN) * pitch;
    if (bin > LAST_BIN) continue;
    const reference = timeOf(word) / PER_FRAME;
    const hit = map.at(queryAt + (reference - referenceAt) / tempo, bin);
    if (hit >= 0) each(reference, hit === 1 ? weights.hit : weights.miss);
  }
}
