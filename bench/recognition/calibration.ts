import { confidenceOf } from '../../src/recognition/local/confidence';

/** One window's best answer. */
export interface Judged {
  readonly z: number;
  readonly right: boolean;
}

/** Logistic of the score: its middle and its width. */
export interface Curve {
  readonly middle: number;
  readonly width: number;
}

/** Platt's scaling (1999): the logistic with the highest likelihood, by Newton's method with a weak prior. */
export function fitted(samples: readonly Judged[]): Curve {
  let [a, b] = [1, -7];
  for (let round = 0; round < 100; round++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-3, 0, 1e-3];
    for (const { z, right } of samples) {
      const p = 1 / (1 + Math.exp(-(a * z + b)));
      const error = (right ? 1 : 0) - p;
      const w = Math.max(1e-9, p * (1 - p));
      ga += error * z;
      gb += error;
      haa += w * z * z;
      hab += w * z;
      hbb += w;
    }
    const determinant = haa * hbb - hab * hab;
    const da = (hbb * ga - hab * gb) / determinant;
    const db = (haa * gb - hab * ga) / determinant;
    // Half steps far from the top: the likelihood is not a parabola there.
    const size = Math.min(1, 2 / Math.max(1e-9, Math.abs(da) + 0.1 * Math.abs(db)));
    a = Math.max(0.05, a + size * da);
    b += size * db;
    if (Math.abs(da) + Math.abs(db) < 1e-9) break;
  }
  return { middle: -b / a, width: 1 / a };
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly right: number;
  readonly said: number;
}

const EDGES = [0, 0.1, 0.5, 0.8, 0.9, 0.95, 0.99, 1.000001];

/** What was said with some confidence, 0–1. */
export interface Said {
  readonly said: number;
  readonly right: boolean;
}

/** Windows' answers with the confidence that the program has in them. */
export const asSaid = (samples: readonly Judged[]): Said[] =>
  samples.map(({ z, right }) => ({ said: confidenceOf(z, 1), right }));

/** Of what was said with a confidence in each range, how much was right. */
export function reliability(samples: readonly Said[]): Bin[] {
  return EDGES.slice(0, -1).map((from, i) => {
    const to = EDGES[i + 1]!;
    const inside = samples.filter(({ said }) => said >= from && said < to);
    const said = inside.reduce((sum, sample) => sum + sample.said, 0) / Math.max(1, inside.length);
    return {
      from,
      to: Math.min(1, to),
      count: inside.length,
      right: inside.filter((s) => s.right).length,
      said,
    };
  });
}
