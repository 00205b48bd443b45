import { crc32 } from 'node:zlib';
import { frequencyOf, timeOf } from './fingerprint';
import { bucketOf, forEachPair, MAX_BUCKET_BITS, REFERENCE_FAN_OUT, referenceKey } from './pairs';
import { FRAMES_PER_SECOND, QUANTUM } from './params';

/** A recording as the index takes it. */
export interface ReferenceTrack {
  readonly trackId: number;
  readonly durationS: number;
  /** Packed peaks (`unpackFingerprint`). */
  readonly words: Uint32Array;
}

/**
 * The reference library, read-only, in shared memory: every worker reads the same bytes, and a new index replaces it
 * whole. All tracks lie one after the other on one time line of quarter frames, with a gap between them.
 */
export interface LandmarkIndex {
  /** Rises with every build. */
  readonly generation: number;
  readonly builtAt: number;
  readonly bucketBits: number;
  /** First posting of each bucket; one more than there are buckets. */
  readonly starts: Uint32Array;
  /** Positions of anchors on the time line, in quarter frames, by bucket. */
  readonly postings: Uint32Array;
  readonly trackIds: Float64Array;
  /** Where each track begins on the time line, rising; one more than there are tracks. */
  readonly trackStarts: Uint32Array;
  readonly durations: Float64Array;
  /** Packed peaks of all tracks, and where each track's begin; one more than there are tracks. */
  readonly peaks: Uint32Array;
  readonly peakStarts: Uint32Array;
  /** CRC-32 of the postings and peaks. */
  readonly checksum: number;
}

/** Silence between two tracks on the time line, quarter frames: no query reaches over it. */
const GAP = 1000 * QUANTUM;

const shared = {
  uint32: (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length)),
  float64: (length: number) => new Float64Array(new SharedArrayBuffer(8 * length)),
};

/**
 * Builds an index by a counting sort. About 4.6 kB of postings and 4.8 kB of peaks per minute of music, and two to four
 * bytes per posting for the buckets.
 * @param progress called with 0…1
 */
export function buildIndex(
  tracks: readonly ReferenceTrack[],
  generation: number,
  progress: (share: number) => void = () => undefined,
): LandmarkIndex {
  const peakCount = tracks.reduce((sum, track) => sum + track.words.length, 0);
  const trackStarts = shared.uint32(tracks.length + 1);
  const peakStarts = shared.uint32(tracks.length + 1);
  const trackIds = shared.float64(tracks.length);
  const durations = shared.float64(tracks.length);
  const peaks = shared.uint32(peakCount);
  // Fan-out 1: at most one posting per peak.
  const keys = new Int32Array(peakCount);
  const positions = new Uint32Array(peakCount);
  let pairs = 0;
  // What sounds before the first track must not be before the time line.
  let timeLine = GAP;
  let peakAt = 0;
  for (const [i, track] of tracks.entries()) {
    trackIds[i] = track.trackId;
    durations[i] = track.durationS;
    trackStarts[i] = timeLine;
    peakStarts[i] = peakAt;
    peaks.set(track.words, peakAt);
    const time = Float64Array.from(track.words, (word) => timeOf(word) / QUANTUM);
    const frequency = Float64Array.from(track.words, (word) => frequencyOf(word) / QUANTUM);
    const start = timeLine;
    forEachPair(time, frequency, time.length, REFERENCE_FAN_OUT, (anchor, target) => {
      const df = frequency[target]! - frequency[anchor]!;
      keys[pairs] = referenceKey(frequency[anchor]!, df, time[target]! - time[anchor]!);
      positions[pairs] = start + timeOf(track.words[anchor]!);
      pairs++;
    });
    peakAt += track.words.length;
    timeLine += Math.ceil(track.durationS * FRAMES_PER_SECOND) * QUANTUM + GAP;
    if (timeLine >= 2 ** 32) throw new RangeError(`the library is too long for one index: ${i} tracks fit`);
    if (i % 100 === 0) progress((0.7 * i) / tracks.length);
  }
  trackStarts[tracks.length] = timeLine;
  peakStarts[tracks.length] = peakAt;

  const bucketBits = Math.min(MAX_BUCKET_BITS, Math.max(12, Math.floor(Math.log2(pairs / 2 + 1))));
  const starts = shared.uint32(2 ** bucketBits + 1);
  for (let i = 0; i < pairs; i++) starts[bucketOf(keys[i]!, bucketBits) + 1]!++;
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const next = starts.slice(0, -1);
  const postings = shared.uint32(pairs);
  for (let i = 0; i < pairs; i++) postings[next[bucketOf(keys[i]!, bucketBits)]!++] = positions[i]!;
  progress(1);
  const index = { generation, builtAt: Date.now(), bucketBits, starts, postings };
  const rest = { trackIds, trackStarts, durations, peaks, peakStarts };
  return { ...index, ...rest, checksum: checksumOf(postings, peaks) };
}

export const EMPTY_INDEX: LandmarkIndex = buildIndex([], 0);

function checksumOf(postings: Uint32Array, peaks: Uint32Array): number {
  return crc32(Buffer.from(peaks.buffer), crc32(Buffer.from(postings.buffer)));
}

/** @throws Error when the memory no longer holds what was built */
export function checkIndex(index: LandmarkIndex): void {
  if (checksumOf(index.postings, index.peaks) !== index.checksum) throw new Error('the index is damaged');
}

/** Bytes of memory that the index takes. */
export function indexBytes(index: LandmarkIndex): number {
  const { starts, postings, trackIds, trackStarts, durations, peaks, peakStarts } = index;
  return [starts, postings, trackIds, trackStarts, durations, peaks, peakStarts].reduce(
    (sum, array) => sum + array.byteLength,
    0,
  );
}

/** Which track a position of the time line is in, as an index into `trackIds`; −1 before the first. */
export function trackAt(index: LandmarkIndex, position: number): number {
  const { trackStarts } = index;
  let low = 0;
  let high = index.trackIds.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (trackStarts[middle]! <= position) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}

/** The peaks of one track. */
export function peaksOf(index: LandmarkIndex, track: number): Uint32Array {
  return index.peaks.subarray(index.peakStarts[track]!, index.peakStarts[track + 1]!);
}
