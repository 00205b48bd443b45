import { crc32 } from 'node:zlib';
import { type Alignment, toReference } from './alignment';
import { type BucketTable, bucketStart, bucketTable, MAX_BUCKET } from './bucket-table';
import { frequencyOf, isLandmark, timeOf } from './fingerprint';
import { firstAbove } from './first-above';
import { chunksOf, emptyPeaks, type PackedPeaks, packPeaks, unpackPeaks } from './packed-peaks';
import { forEachPair, KEY_BITS, REFERENCE_FAN_OUT, referenceKey } from './pairs';
import { FRAMES_PER_SECOND, PER_BIN, PER_FRAME } from './params';
import type { PeakMap } from './query';
import type { ReferenceTrack } from './reference';

/**
 * The reference library, read-only, in shared memory: every worker reads the same bytes, and a new index replaces it
 * whole. All tracks lie one after the other on one time line of half frames, with a gap between them.
 */
export interface LandmarkIndex {
  /** Rises with every build. */
  readonly generation: number;
  readonly builtAt: number;
  /** A key's first bits say its bucket. */
  readonly bucketBits: number;
  /** Its next bits stand in the posting, as far as the position leaves room, and tell it from others of the bucket. */
  readonly tagBits: number;
  readonly buckets: BucketTable;
  /** By bucket: position of an anchor on the time line, half frames, above the tag of its key. */
  readonly postings: Uint32Array;
  readonly trackIds: Float64Array;
  /** Where each track begins on the time line, rising; one more than there are tracks. */
  readonly trackStarts: Uint32Array;
  readonly durations: Float64Array;
  /** Frames of each track's quiet start and quiet end. */
  readonly quiet: Uint16Array;
  readonly peaks: PackedPeaks;
  /** CRC-32 of all arrays. */
  readonly checksum: number;
}

/** Silence between two tracks on the time line, half frames: no query reaches over it. */
const GAP = 1000 * PER_FRAME;
/** Postings per bucket: with fewer the buckets take more memory, with more they take longer to read. */
const PER_BUCKET = 6;
/**
 * A bucket this many times as long as the mean holds a cliché (hum, a pilot tone, a style's favourite interval): it would
 * cost more to look at than it tells, and is left out.
 */
const CLICHE = 32;

const shared = {
  uint32: (length: number) => new Uint32Array(new SharedArrayBuffer(4 * length)),
  uint16: (length: number) => new Uint16Array(new SharedArrayBuffer(2 * length)),
  float64: (length: number) => new Float64Array(new SharedArrayBuffer(8 * length)),
};

/**
 * Builds an index by a counting sort, in two passes over the tracks instead of keeping their keys. Per minute of music:
 * about 2 kB of postings, 0.3 of buckets and 2.7 of peaks.
 * @param progress called with 0…1
 * @throws RangeError when the library is too long (19,000 hours)
 */
export function buildIndex(
  tracks: readonly ReferenceTrack[],
  generation: number,
  progress: (share: number) => void = () => undefined,
): LandmarkIndex {
  const { landmarks, ...lines } = layOut(tracks, progress);
  const { trackStarts } = lines;
  const length = trackStarts[tracks.length]!;
  // Nearly every landmark is the anchor of one pair.
  const bucketBits = Math.min(KEY_BITS, Math.max(8, Math.round(Math.log2(landmarks / PER_BUCKET + 1))));
  const tagBits = Math.min(KEY_BITS - bucketBits, 32 - Math.ceil(Math.log2(length + 1)));
  const toBucket = KEY_BITS - bucketBits;
  const toTag = toBucket - tagBits;
  const mask = 2 ** tagBits - 1;
  const counts = new Uint32Array(2 ** bucketBits);
  for (const { words } of tracks) forEachKey(words, (key) => counts[key >>> toBucket]!++);
  const most = Math.min(MAX_BUCKET, Math.ceil(CLICHE * Math.max(1, landmarks / counts.length)));
  for (let i = 0; i < counts.length; i++) if (counts[i]! > most) counts[i] = 0;
  const buckets = bucketTable(counts);
  progress(0.6);
  const postings = shared.uint32(bucketStart(buckets, counts.length));
  // From here on `counts` says how many of a bucket's postings are still to come.
  for (const [i, { words }] of tracks.entries()) {
    const start = trackStarts[i]!;
    forEachKey(words, (key, time) => {
      const bucket = key >>> toBucket;
      if (counts[bucket] === 0) return;
      const at = bucketStart(buckets, bucket + 1) - counts[bucket]!--;
      postings[at] = ((start + time) << tagBits) | ((key >>> toTag) & mask);
    });
  }
  progress(1);
  const index = { generation, builtAt: Date.now(), bucketBits, tagBits, buckets, postings, ...lines };
  return { ...index, checksum: checksumOf(index) };
}

/** Everything of an index that does not depend on keys: where each track lies, and its peaks. */
function layOut(tracks: readonly ReferenceTrack[], progress: (share: number) => void) {
  const trackIds = shared.float64(tracks.length);
  const durations = shared.float64(tracks.length);
  const quiet = shared.uint16(2 * tracks.length);
  const trackStarts = shared.uint32(tracks.length + 1);
  const chunks = tracks.map(({ words }) => chunksOf(words));
  const peaks = emptyPeaks(
    tracks.length,
    chunks.reduce((sum, count) => sum + count, 0),
  );
  // What sounds before the first track must not be before the time line.
  let timeLine = GAP;
  let chunk = 0;
  let landmarks = 0;
  for (const [i, track] of tracks.entries()) {
    const { trackId, durationS, words } = track;
    trackIds[i] = trackId;
    durations[i] = durationS;
    quiet.set([track.quiet.start, track.quiet.end], 2 * i);
    trackStarts[i] = timeLine;
    peaks.chunkStarts[i] = chunk;
    packPeaks(peaks, i, words);
    for (const word of words) if (isLandmark(word)) landmarks++;
    chunk += chunks[i]!;
    timeLine += Math.ceil(durationS * FRAMES_PER_SECOND) * PER_FRAME + GAP;
    if (timeLine >= 2 ** 32) throw new RangeError(`the library is too long for one index: ${i} tracks fit`);
    if (i % 1000 === 0) progress((0.2 * i) / tracks.length);
  }
  trackStarts[tracks.length] = timeLine;
  peaks.chunkStarts[tracks.length] = chunk;
  return { trackIds, durations, quiet, trackStarts, peaks, landmarks };
}

/** Calls `each(key, half frame of the anchor)` for the pairs of a recording's landmarks. */
function forEachKey(words: Uint32Array, each: (key: number, time: number) => void): void {
  const time = new Float64Array(words.length);
  const frequency = new Float64Array(words.length);
  let count = 0;
  for (const word of words) {
    if (!isLandmark(word)) continue;
    time[count] = timeOf(word) / PER_FRAME;
    frequency[count++] = frequencyOf(word) / PER_BIN;
  }
  forEachPair(time, frequency, count, REFERENCE_FAN_OUT, (anchor, target) => {
    const df = frequency[target]! - frequency[anchor]!;
    const key = referenceKey(frequency[anchor]!, df, time[target]! - time[anchor]!);
    each(key, time[anchor]! * PER_FRAME);
  });
}

export const EMPTY_INDEX: LandmarkIndex = buildIndex([], 0);

type Arrays = Omit<LandmarkIndex, 'checksum'>;

function arraysOf({ buckets, postings, trackIds, trackStarts, durations, quiet, peaks }: Arrays) {
  return [
    postings,
    trackIds,
    trackStarts,
    durations,
    quiet,
    ...Object.values(buckets),
    ...Object.values(peaks),
  ];
}

function checksumOf(index: Arrays): number {
  return arraysOf(index).reduce((crc, array) => crc32(Buffer.from(array.buffer), crc), 0);
}

/** @throws Error when the memory no longer holds what was built */
export function checkIndex(index: LandmarkIndex): void {
  if (checksumOf(index) !== index.checksum) throw new Error('the index is damaged');
}

/** Bytes of memory that the index takes. */
export function indexBytes(index: LandmarkIndex): number {
  return arraysOf(index).reduce((sum, array) => sum + array.byteLength, 0);
}

/** Which track a position of the time line is in, as an index into `trackIds`; −1 before the first. */
export function trackAt(index: LandmarkIndex, position: number): number {
  return firstAbove(index.trackStarts, index.trackIds.length, position) - 1;
}

/** One recording, as the index was given it; its peaks are unpacked when they are asked for. */
export function referenceAt(index: LandmarkIndex, track: number): ReferenceTrack {
  return {
    trackId: index.trackIds[track]!,
    durationS: index.durations[track]!,
    quiet: { start: index.quiet[2 * track]!, end: index.quiet[2 * track + 1]! },
    get words() {
      return unpackPeaks(index.peaks, track);
    },
  };
}

/** An alignment may be turned and moved by so much while it is refined, frames. */
const MARGIN = 16;

/** The peaks of one track that may sound in the loaded stretch, if it lies as the alignment says. */
export function peaksNear(
  index: LandmarkIndex,
  track: number,
  map: PeakMap,
  alignment: Alignment,
): Uint32Array {
  const from = (toReference(alignment, map.fromFrame) - MARGIN) * PER_FRAME;
  const to = (toReference(alignment, map.toFrame) + MARGIN) * PER_FRAME;
  return unpackPeaks(index.peaks, track, Math.floor(from), Math.ceil(to));
}
