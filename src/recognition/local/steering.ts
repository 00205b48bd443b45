import { type Alignment, type Coincidence, coincide, type Point, toReference } from './alignment';
import type { PeakMap } from './query';
import { centreOfBest } from './verify';

const STEPS = Array.from({ length: 13 }, (_, i) => (i - 6) / 2);
const SHARE = 0.5;

/**
 * The alignment moved by half of the offset that fits the loaded stretch best; as it was where less is heard than usual:
 * the best of thirteen chances is no evidence, and must not be made to look like some.
 * @param rate share of the recording's peaks that are found where it is heard, 0–1
 * @param seen is told which frames of the session and of the recording were found to go together
 */
export function steered(
  words: Uint32Array,
  map: PeakMap,
  alignment: Alignment,
  rate: number,
  seen?: (query: number, reference: number) => void,
): Alignment {
  const count: Coincidence = { hits: 0, expected: 0 };
  const middle = (map.fromFrame + map.toFrame) / 2;
  const referenceAt = toReference(alignment, middle);
  const hits = STEPS.map((step) => {
    coincide(words, map, { ...alignment, queryAt: middle, referenceAt: referenceAt + step }, count);
    return count.hits;
  });
  const most = Math.max(...hits);
  if (most < 8 || most < Math.max(4 * map.coverage, rate / 2) * count.expected) return alignment;
  const moved = referenceAt + SHARE * centreOfBest(STEPS, hits);
  seen?.(middle, moved);
  return { ...alignment, queryAt: middle, referenceAt: moved };
}

/** Recording frames per session frame through these points: least squares. */
export function slope(points: readonly Point[]): number {
  const n = points.length;
  const meanX = points.reduce((sum, p) => sum + p.query, 0) / n;
  const meanY = points.reduce((sum, p) => sum + p.reference, 0) / n;
  let xy = 0;
  let xx = 0;
  for (const p of points) {
    xy += (p.query - meanX) * (p.reference - meanY);
    xx += (p.query - meanX) ** 2;
  }
  return xy / xx;
}
