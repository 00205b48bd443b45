import { type Alignment, lowerBound, toReference } from './alignment';
import { frequencyOf, timeOf } from './fingerprint';
import { LAST_BIN, PER_BIN, PER_FRAME } from './params';
import type { PeakMap } from './query';
import type { Verification } from './verify';

/** Share of a recording's peaks that are where they should be, 0–1: under speech that is louder than it by some 10 dB. */
const COVERED = 0.12;
/** Of the share where it was recognised, so much is expected near its edges; and never less or more than this. */
const TOWARDS_EDGES = 0.6;
const [LEAST_CLEAR, MOST_CLEAR] = [0.2, 0.6];
/** Nats that it takes to believe that speech has begun or ended over a recording. */
const SWITCH = 3;
/** Weight of evidence against a recording where it is so faint that it may not be heard. */
const FAINT_WEIGHT = 0.3;

/** What a peak of the recording says about whether it sounds. */
export interface Presence {
  /** Share of its peaks that are where they should be, when nothing covers it. */
  readonly clear: number;
  /** How much likelier a peak of the air is exactly where one sounds than it is there by chance. */
  readonly ratio: number;
}

/**
 * @param rate share of the recording's peaks found where it was recognised, 0–1
 * @param chance share that a wrong alignment finds, 0–1
 * @param gradeByChance and their mean grade: it is what makes the ratio's mean 1 where the recording is not. Music in the
 *   same key has its peaks at the same frequencies, so that they fit better by chance than if they lay anywhere
 */
export function presenceOf(
  rate: number,
  { chance, gradeByChance }: Pick<Verification, 'chance' | 'gradeByChance'>,
): Presence {
  const absent = Math.min(0.3, chance);
  const clear = TOWARDS_EDGES * ((rate - absent) / (1 - absent));
  return { clear: Math.min(MOST_CLEAR, Math.max(LEAST_CLEAR, clear)), ratio: 1 / gradeByChance };
}

/**
 * Log-likelihood ratio of "the recording sounds here" against "something else does", in nats, by one of its peaks: with
 * probability `share` the air has it, scattered by the kernel that grades it; else there may be one near by chance.
 * @param grade how well the air's peak fits it (`PeakMap.grade`): 0 none, 1 exactly
 */
function nats(share: number, grade: number, { ratio }: Presence): number {
  return Math.log(1 - share + share * ratio * grade);
}

/**
 * Evidence along a walk over a recording's peaks, summed. The recording may be heard clearly or be covered (speech over
 * it); which, is the likelier path of two (Viterbi 1967). What is covered speaks for it slowly, and against it slowly.
 */
export class Trail {
  private clear = 0;
  private covered = -SWITCH;
  /** The most evidence at any step so far, nats; 0 at least. */
  best = 0;

  /** @param floor evidence never falls further below its best than this, nats */
  constructor(private readonly floor = Number.POSITIVE_INFINITY) {}

  /** Evidence so far, nats. */
  get nats(): number {
    return Math.max(this.clear, this.covered);
  }

  /** Begins anew; the best stays. */
  restart(): void {
    this.clear = 0;
    this.covered = -SWITCH;
  }

  /**
   * The next peak.
   * @param faint the recording is so quiet here that it may not be heard
   * @returns whether there is more evidence now than ever before
   */
  step(grade: number, presence: Presence, faint = false): boolean {
    const gain = (share: number) => {
      const says = nats(share, grade, presence);
      return faint && says < 0 ? FAINT_WEIGHT * says : says;
    };
    const lowest = this.best - this.floor;
    const clear = Math.max(this.clear, this.covered - SWITCH) + gain(presence.clear);
    const covered = Math.max(this.covered, this.clear - SWITCH) + gain(COVERED);
    this.clear = Math.max(clear, lowest);
    this.covered = Math.max(covered, lowest);
    if (this.nats <= this.best) return false;
    this.best = this.nats;
    return true;
  }
}

/** Calls `each(reference frame, grade)` for the recording's peaks between two session frames, in order. */
export function forEachEvidence(
  words: Uint32Array,
  map: PeakMap,
  alignment: Alignment,
  range: { readonly from: number; readonly to: number; readonly backwards?: boolean },
  each: (referenceFrame: number, grade: number) => void,
): void {
  const first = lowerBound(words, toReference(alignment, range.from) * PER_FRAME);
  const last = lowerBound(words, toReference(alignment, range.to) * PER_FRAME) - 1;
  const { pitch, queryAt, referenceAt, tempo } = alignment;
  for (let n = 0; n <= last - first; n++) {
    const word = words[range.backwards ? last - n : first + n]!;
    const bin = (frequencyOf(word) / PER_BIN) * pitch;
    if (bin > LAST_BIN) continue;
    const reference = timeOf(word) / PER_FRAME;
    const grade = map.grade(queryAt + (reference - referenceAt) / tempo, bin);
    if (grade >= 0) each(reference, grade);
  }
}
