import { lowerBound, toQuery } from './alignment';
import { frequencyOf, isLandmark, timeOf } from './fingerprint';
import { type LandmarkIndex, peaksNear } from './landmark-index';
import { FRAMES_PER_SECOND, PER_BIN, PER_FRAME } from './params';
import { PeakMap, type QueryPeaks } from './query';
import type { Searcher } from './search';
import { examine } from './verify';

/** The same recording, already in the library. */
export interface Duplicate {
  readonly trackId: number;
  /** Second of the new recording at which the known one begins; near 0 for a plain copy, else another edit. */
  readonly offsetS: number;
  /** Windows that agreed, of those that were compared. */
  readonly windows: number;
  readonly compared: number;
}

const WINDOW = 20 * FRAMES_PER_SECOND;
const WINDOWS = 5;
const CERTAIN = 12;

/** Longest stretch that `findDuplicate` loads into a map, frames. */
export const DUPLICATE_MAP_FRAMES = WINDOW + 8;

/**
 * Looks for the same recording in the library: windows spread over the new one must agree on track and offset, most of
 * them. A cover, or another take, has other peaks and is not found.
 */
export function findDuplicate(
  words: Uint32Array,
  index: LandmarkIndex,
  searcher: Searcher,
  map: PeakMap = new PeakMap(DUPLICATE_MAP_FRAMES),
): Duplicate | undefined {
  const end = words.length === 0 ? 0 : timeOf(words.at(-1)!) / PER_FRAME;
  const agreeing = new Map<string, { trackId: number; offsetS: number; windows: number }>();
  let compared = 0;
  for (let i = 0; i < WINDOWS; i++) {
    const from = Math.max(0, ((end - WINDOW) * (i + 0.5)) / WINDOWS);
    const first = lowerBound(words, from * PER_FRAME);
    const stretch = words.subarray(first, lowerBound(words, (from + WINDOW) * PER_FRAME));
    if (stretch.length < 50) continue;
    compared++;
    map.load(asQuery(stretch), from, from + WINDOW);
    const landmarks = asQuery(stretch.filter(isLandmark));
    for (const candidate of searcher.search(landmarks, { tempo: 1, pitch: 1 }, map)) {
      const known = peaksNear(index, candidate.track, map, candidate.alignment);
      const found = examine(known, map, candidate.alignment);
      if (!found || found.z < CERTAIN) continue;
      const offsetS = toQuery(found.alignment, 0) / FRAMES_PER_SECOND;
      const trackId = index.trackIds[candidate.track]!;
      const near = [...agreeing.values()].find(
        (other) => other.trackId === trackId && Math.abs(other.offsetS - offsetS) < 1,
      );
      if (near) near.windows++;
      else agreeing.set(`${trackId}/${i}`, { trackId, offsetS, windows: 1 });
      break;
    }
  }
  const best = [...agreeing.values()].sort((a, b) => b.windows - a.windows)[0];
  // Three of five: a shared intro or a sample is not the same recording.
  if (!best || best.windows * 5 < 3 * compared || best.windows < Math.min(2, WINDOWS)) return undefined;
  return { ...best, compared };
}

function asQuery(words: Uint32Array): QueryPeaks {
  return {
    time: Float64Array.from(words, (word) => timeOf(word) / PER_FRAME),
    frequency: Float64Array.from(words, (word) => frequencyOf(word) / PER_BIN),
    count: words.length,
  };
}
