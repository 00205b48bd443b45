import {
  type Alignment,
  type Coincidence,
  coincide,
  departure,
  forEachExpected,
  toReference,
} from './alignment';
import { type Deviation, KERNEL_AREA, type PeakMap, REACH_AREA } from './query';

/** Alignments to compare with: the recording shifted against itself by up to ±2.3 s, never by less than 0.2 s. */
const SHIFTS: readonly number[] = Array.from({ length: 12 }, (_, i) => 7 + 6 * i).flatMap((s) => [s, -s]);

export interface Verification {
  readonly alignment: Alignment;
  readonly hits: number;
  readonly expected: number;
  /** Share of the recording's peaks that a wrong alignment hits. */
  readonly chance: number;
  /** Mean grade of the recording's peaks in a wrong alignment, 0–1. */
  readonly gradeByChance: number;
  /** By how many standard deviations the graded hits exceed those of the shifted alignments. */
  readonly z: number;
}

/** A score that one window is believed for. */
export const CERTAIN = 14;
/**
 * A score with which a window speaks for a recording as it is, so that a second window may prove it; and where its speed is
 * changed, and where tempo and pitch differ from each other. The more ways there are to fit, the more often one does: two
 * pieces in the same key fit each other at some tempo more often than at any speed; and most stations change nothing.
 */
export const LIKELY = 6.5;
export const LIKELY_AT_OTHER_SPEED = 7;
export const LIKELY_STRETCHED = 9;
/** From these differences from 1 on: the speed is another; tempo and pitch differ from each other. */
const OTHER_SPEED = 0.003;
const STRETCHED = 0.005;

/** Does the air play the recording at another speed than its own? */
export function isAtOtherSpeed(alignment: Alignment): boolean {
  return departure(alignment) > OTHER_SPEED;
}

/** Does a window speak for the recording, so that a second one may prove it? */
export function isLikely({ z, alignment }: Pick<Verification, 'z' | 'alignment'>): boolean {
  if (Math.abs(alignment.tempo / alignment.pitch - 1) > STRETCHED) return z >= LIKELY_STRETCHED;
  return z >= (isAtOtherSpeed(alignment) ? LIKELY_AT_OTHER_SPEED : LIKELY);
}

/** A score before tempo and pitch are refined from which on that is worth its time. */
const PROMISING = 1.5;
/** Fewer expected peaks than this prove nothing. */
const MIN_EXPECTED = 20;
/** Weight of the mean in a single peak's chance, in shifts; and the least chance that is believed. */
const PRIOR_SHIFTS = 4;
const MIN_CHANCE = 0.01;
/** Mean square of a grade by its mean, where peaks lie by chance. */
const SQUARE_BY_MEAN = 0.5;

/**
 * How much better an alignment fits than 24 wrong ones of the same recording. Each peak weighs as much as its absence
 * elsewhere says (the logarithm of its odds): music that fits everywhere (a held chord, a loop) gets no score for it.
 * The score counts in standard deviations of a share (Anscombe 1948: 2√n·asin √p has variance 1), so that a handful of
 * chance hits on a sparse background does not look like a proof.
 * @param known the caller has a score this high already: of a lower one only that it is lower matters
 */
export function verify(words: Uint32Array, map: PeakMap, alignment: Alignment, known = LIKELY): Verification {
  const count: Coincidence = { hits: 0, expected: 0 };
  coincide(words, map, alignment, count);
  const { hits, expected } = count;
  const coverage = Math.max(map.coverage, MIN_CHANCE);
  const gradeByChance = (coverage * KERNEL_AREA) / REACH_AREA;
  const nothing = { alignment, hits, expected, chance: coverage, gradeByChance, z: 0 };
  if (expected < MIN_EXPECTED) return nothing;
  const place = placesOf(words, map, alignment, expected);
  const n = place.count;
  const grades = new Float32Array(SHIFTS.length * n);
  const odds = new Float64Array(n);
  let total = 0;
  let near = 0;
  for (let s = 0; s < SHIFTS.length; s++) {
    for (let i = 0; i < n; i++) {
      const grade = gradeShifted(map, place, i, SHIFTS[s]!);
      grades[s * n + i] = grade;
      odds[i]! += grade;
      total += grade;
      if (grade > 0) near++;
    }
  }
  const chance = Math.max(MIN_CHANCE, total / (SHIFTS.length * n));
  let theory = 0;
  let score = 0;
  let least = 0;
  let whole = 0;
  for (let i = 0; i < n; i++) {
    const p = (odds[i]! + PRIOR_SHIFTS * chance) / (SHIFTS.length + PRIOR_SHIFTS);
    const weight = p < 0.5 ? Math.log((1 - p) / Math.max(p, MIN_CHANCE)) : 0;
    odds[i] = weight;
    whole += weight;
    theory += weight * weight * Math.max(p, MIN_CHANCE) * SQUARE_BY_MEAN;
    least += weight * Math.max(p, MIN_CHANCE);
    score += weight * gradeShifted(map, place, i, 0);
  }
  if (whole <= 0) return nothing;
  const scores = SHIFTS.map((_, s) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += odds[i]! * grades[s * n + i]!;
    return sum;
  });
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
  const variance = scores.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (scores.length - 1);
  const share = Math.min(1, score / whole);
  /** By how much more it fits than something that fits so well and scatters so much; as shares of what all peaks weigh. */
  const above = (fit: number, spread: number) => {
    const level = Math.min(0.9, fit / whole);
    // A binomial share of so many trials would scatter as much.
    const trials = (level * (1 - level) * whole * whole) / spread;
    return 2 * Math.sqrt(trials) * (Math.asin(Math.sqrt(share)) - Math.asin(Math.sqrt(level)));
  };
  const usual = Math.max(mean, least);
  // A variance that is not measured rises with the mean.
  const aboveBest = (best: number) => above(best, (theory * best) / usual);
  let z = above(usual, Math.max(variance, theory));
  // A loop fits at a few shifts, beat on beat: they raise the mean and scatter so much that nothing would stand out. But
  // what fits far better than at any other offset is no chance either.
  const best = Math.max(usual, ...scores);
  const enough = Math.max(z, known);
  if (aboveBest(best) > enough) {
    z = Math.max(z, aboveBest(bestElsewhere(place, odds, map, best, (other) => aboveBest(other) <= enough)));
  }
  return {
    alignment,
    hits,
    expected,
    chance: Math.max(coverage, near / (SHIFTS.length * n)),
    gradeByChance: Math.max(gradeByChance, total / (SHIFTS.length * n)),
    z,
  };
}

/**
 * How well a peak fits when the recording is shifted by whole frames; around in a circle, so that every shift compares the
 * same peaks.
 */
function gradeShifted(map: PeakMap, { frame, bin, row, column }: Places, i: number, shift: number): number {
  const frames = map.toFrame - map.fromFrame;
  let moved = shift;
  if (row[i]! + moved < 0) moved += frames;
  else if (row[i]! + moved >= frames) moved -= frames;
  return map.gradeIn(row[i]! + moved, column[i]!, frame[i]! + moved, bin[i]!);
}

/**
 * The highest score at any other offset of the stretch, in steps of a frame: among them are those of a beat, if there is one.
 * @param best score that is known; and a higher one may be `enough`
 */
function bestElsewhere(
  place: Places,
  odds: Float64Array,
  map: PeakMap,
  best: number,
  enough: (best: number) => boolean,
): number {
  const frames = map.toFrame - map.fromFrame;
  for (let shift = SHIFTS[0]!; shift <= frames - SHIFTS[0]!; shift++) {
    let sum = 0;
    for (let i = 0; i < place.count; i++) {
      sum += odds[i]! * gradeShifted(map, place, i, shift);
    }
    if (sum <= best) continue;
    best = sum;
    if (enough(best)) break;
  }
  return best;
}

interface Places {
  /** From the loaded stretch's first frame. */
  readonly frame: Float64Array;
  readonly bin: Float64Array;
  /** The nearest ones. */
  readonly row: Int32Array;
  readonly column: Int32Array;
  readonly count: number;
}

/** Where the recording's peaks should be within the loaded stretch. */
function placesOf(words: Uint32Array, map: PeakMap, alignment: Alignment, atMost: number): Places {
  const frame = new Float64Array(atMost);
  const bin = new Float64Array(atMost);
  const row = new Int32Array(atMost);
  const column = new Int32Array(atMost);
  let count = 0;
  const frames = map.toFrame - map.fromFrame;
  forEachExpected(words, map, alignment, (at, frequency) => {
    const from = at - map.fromFrame;
    const nearest = Math.round(from);
    if (count === atMost || nearest < 0 || nearest >= frames) return;
    frame[count] = from;
    bin[count] = frequency;
    row[count] = nearest;
    column[count++] = Math.round(frequency);
  });
  return { frame, bin, row, column, count };
}

/** Steps of the refinement: offset in frames; tempo and pitch as ratios. */
const OFFSETS = Array.from({ length: 13 }, (_, i) => (i - 6) / 2);
const RATIOS = Array.from({ length: 13 }, (_, i) => (i - 6) / 1000);
const MAX_TURN = Math.max(...RATIOS);

/**
 * The best alignment near one: offset within ±3 frames, then tempo and pitch within ±0.6 %, then the offset again.
 * Turning the tempo turns about the middle of the loaded stretch, so that offset and tempo stay independent.
 * @returns undefined where the best offset has no score to improve: so it is with most candidates, at a fraction of the cost
 */
function refine(words: Uint32Array, map: PeakMap, start: Alignment): Alignment | undefined {
  const middle = (map.fromFrame + map.toFrame) / 2;
  const referenceAt = start.referenceAt + (middle - start.queryAt) * start.tempo;
  let best: Alignment = { ...start, queryAt: middle, referenceAt };
  const search = (
    steps: readonly number[],
    move: (from: Alignment, step: number) => Alignment,
    choose = centreOfBest,
  ) => {
    const from = best;
    const count: Coincidence = { hits: 0, expected: 0 };
    const hits = steps.map((step) => {
      coincide(words, map, move(from, step), count);
      return count.hits;
    });
    best = move(from, choose(steps, hits));
  };
  const offset = (from: Alignment, step: number) => ({ ...from, referenceAt: from.referenceAt + step });
  search(OFFSETS, offset);
  if (verify(words, map, best).z < PROMISING) return undefined;
  search(RATIOS, (from, step) => ({ ...from, tempo: from.tempo + step }), stayUnlessBetter);
  search(RATIOS, (from, step) => ({ ...from, pitch: from.pitch + step }), stayUnlessBetter);
  search(OFFSETS, offset);
  return polish(words, map, polish(words, map, best, 2), 1);
}

/** Prior standard deviations of what is left to correct: tempo and pitch. Against deviations of ½ frame and ⅓ bin. */
const RATIO_PRIOR = 0.002;
const RIDGE_FRAMES = (0.5 / RATIO_PRIOR) ** 2;
const RIDGE_BINS = (0.3 / RATIO_PRIOR) ** 2;

/**
 * Least squares through the deviations of the peaks that coincide: offset, tempo and pitch to a fraction of a step.
 * @param width of the kernel that weighs them, in its own standard deviations: 2 = also what is a frame away
 */
function polish(words: Uint32Array, map: PeakMap, start: Alignment, width: number): Alignment {
  const middle = (map.fromFrame + map.toFrame) / 2;
  const near: Deviation = { frames: 0, bins: 0 };
  let [w, wt, wtt, wd, wtd, wff, wfd] = [0, 0, 0, 0, 0, 0, 0];
  forEachExpected(words, map, start, (frame, bin) => {
    if (!map.deviation(frame, bin, near)) return;
    const weight = Math.exp(-0.5 * ((near.frames / 0.7) ** 2 + (near.bins / 0.35) ** 2) * width ** -2);
    const t = frame - middle;
    w += weight;
    wt += weight * t;
    wtt += weight * t * t;
    wd += weight * near.frames;
    wtd += weight * t * near.frames;
    wff += weight * bin * bin;
    wfd += weight * bin * near.bins;
  });
  if (w < 4) return start;
  const mean = wt / w;
  const slope = (wtd - mean * wd) / (wtt - mean * wt + RIDGE_FRAMES);
  const shift = wd / w - slope * mean;
  return {
    queryAt: middle + shift,
    referenceAt: toReference(start, middle),
    tempo: start.tempo / (1 + slope),
    pitch: start.pitch * (1 + wfd / (wff + RIDGE_BINS)),
  };
}

/**
 * What a candidate is worth: refined, and as recorded where that fits nearly as well.
 * @returns undefined where nothing speaks for it
 */
export function examine(words: Uint32Array, map: PeakMap, start: Alignment): Verification | undefined {
  const refined = refine(words, map, start);
  const verified = refined && verify(words, map, refined);
  if (!verified || verified.z < LIKELY) return verified;
  const plain = simplest(words, map, verified.alignment);
  return plain === verified.alignment ? verified : verify(words, map, plain);
}

/**
 * The recording as it is, where that fits nearly as well as a changed tempo or pitch: a few seconds of a song fit many
 * speeds, and most stations change none.
 */
function simplest(words: Uint32Array, map: PeakMap, found: Alignment): Alignment {
  if (found.tempo === 1 && found.pitch === 1) return found;
  const plain = refine(words, map, { ...found, tempo: 1, pitch: 1 });
  // Turned by more than its steps, it is on its way to what was found, and neither the one nor the other.
  if (!plain || departure(plain) > MAX_TURN) return found;
  const count: Coincidence = { hits: 0, expected: 0 };
  coincide(words, map, found, count);
  const { hits } = count;
  coincide(words, map, plain, count);
  return count.hits >= 0.9 * hits ? plain : found;
}

/** The step with the most hits; the middle of the plateau, weighted, where several are near it. */
export function centreOfBest(steps: readonly number[], hits: readonly number[]): number {
  const top = Math.max(...hits);
  if (top === 0) return 0;
  let weights = 0;
  let sum = 0;
  for (let i = 0; i < steps.length; i++) {
    const weight = Math.max(0, hits[i]! - 0.9 * top);
    weights += weight;
    sum += weight * steps[i]!;
  }
  return sum / weights;
}

/**
 * A ratio is turned only when that finds clearly more: where a song fills only the end of a window, many ratios fit it
 * equally well, and the one asked for is the likeliest.
 */
function stayUnlessBetter(steps: readonly number[], hits: readonly number[]): number {
  const here = hits[steps.indexOf(0)]!;
  const top = Math.max(...hits);
  return here >= top - Math.max(1, 0.04 * top) ? 0 : centreOfBest(steps, hits);
}
