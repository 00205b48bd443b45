import { type Alignment, type Coincidence, coincide } from './alignment';
import type { PeakMap } from './query';

/** Alignments to compare with: the recording shifted against itself by up to ±2.3 s, never by less than 0.2 s. */
const SHIFTS: readonly number[] = Array.from({ length: 12 }, (_, i) => 7 + 6 * i).flatMap((s) => [s, -s]);

export interface Verification {
  readonly alignment: Alignment;
  readonly hits: number;
  readonly expected: number;
  /** Share of the recording's peaks that a wrong alignment hits. */
  readonly chance: number;
  /** Standard deviations by which the hits exceed those of the shifted alignments. */
  readonly z: number;
}

/** Fewer expected peaks than this prove nothing. */
const MIN_EXPECTED = 20;

/**
 * How much better an alignment fits than 24 wrong ones of the same recording. Music that fits everywhere (a held chord,
 * a loop) gets no score for it.
 */
export function verify(words: Uint32Array, map: PeakMap, alignment: Alignment): Verification {
  const count: Coincidence = { hits: 0, expected: 0 };
  coincide(words, map, alignment, count);
  const { hits, expected } = count;
  const nothing = { alignment, hits, expected, chance: map.coverage, z: 0 };
  if (expected < MIN_EXPECTED) return nothing;
  const rates: number[] = [];
  for (const shift of SHIFTS) {
    coincide(words, map, { ...alignment, referenceAt: alignment.referenceAt + shift }, count);
    if (count.expected >= MIN_EXPECTED) rates.push(count.hits / count.expected);
  }
  if (rates.length < SHIFTS.length / 3) return nothing;
  const mean = rates.reduce((a, b) => a + b, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (rates.length - 1);
  // Never below what chance alone would scatter.
  const p = Math.max(mean, map.coverage, 0.01);
  const deviation = Math.sqrt(Math.max(variance, (p * (1 - p)) / expected));
  return { alignment, hits, expected, chance: p, z: (hits / expected - mean) / deviation };
}

/** Steps of the refinement: offset in frames; tempo and pitch as ratios. */
const OFFSETS = Array.from({ length: 13 }, (_, i) => (i - 6) / 2);
const RATIOS = Array.from({ length: 13 }, (_, i) => (i - 6) / 1000);

/**
 * The best alignment near one: offset within ±3 frames, then tempo and pitch within ±0.6 %, then the offset again.
 * Turning the tempo turns about the middle of the loaded stretch, so that offset and tempo stay independent.
 */
export function refine(words: Uint32Array, map: PeakMap, start: Alignment): Alignment {
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
  search(RATIOS, (from, step) => ({ ...from, tempo: from.tempo + step }), stayUnlessBetter);
  search(RATIOS, (from, step) => ({ ...from, pitch: from.pitch + step }), stayUnlessBetter);
  search(OFFSETS, offset);
  return best;
}

/**
 * The recording as it is, where that fits nearly as well as a changed tempo or pitch: a few seconds of a song fit many
 * speeds, and most stations change none.
 */
export function simplest(words: Uint32Array, map: PeakMap, found: Alignment): Alignment {
  if (found.tempo === 1 && found.pitch === 1) return found;
  const plain = refine(words, map, { ...found, tempo: 1, pitch: 1 });
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
