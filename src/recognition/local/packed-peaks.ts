import { frequencyOf, isLandmark, timeOf, wordOf } from './fingerprint';

/**
 * Peaks of all recordings in two bytes each: the time since the peak before (half frames, 4 bits) and the frequency
 * (quarter bins, 12 bits). No peak is as low as `SKIPS`: such a cell only lets time pass, up to 1023 half frames (16 s).
 * Every 64 cells the time is written down, so that a few seconds of a recording are read without what is before them.
 */
export interface PackedPeaks {
  readonly cells: Uint16Array;
  /** One bit per cell: is its peak a landmark? */
  readonly landmarks: Uint8Array;
  /** Half frame of the recording at which each chunk of 64 cells begins. */
  readonly times: Uint32Array;
  /** First chunk of each recording; one more than there are recordings. */
  readonly chunkStarts: Uint32Array;
}

const CHUNK = 64;
const SKIPS = 64;
const MAX_SKIP = 16 * SKIPS - 1;

/** Calls `cell(value, landmark, time after it)` for what a recording's peaks are packed into. */
function forEachCell(
  words: Uint32Array,
  cell: (value: number, landmark: boolean, time: number) => void,
): void {
  let now = 0;
  for (const word of words) {
    const time = timeOf(word);
    while (time - now > 15) {
      const skip = Math.min(MAX_SKIP, time - now);
      now += skip;
      cell(skip, false, now);
    }
    cell((frequencyOf(word) << 4) | (time - now), isLandmark(word), time);
    now = time;
  }
}

/** Chunks that a recording takes. */
export function chunksOf(words: Uint32Array): number {
  let cells = 0;
  forEachCell(words, () => cells++);
  return Math.ceil(cells / CHUNK);
}

/** Arrays for so many recordings and chunks, empty. */
export function emptyPeaks(tracks: number, chunks: number): PackedPeaks {
  return {
    cells: new Uint16Array(new SharedArrayBuffer(2 * CHUNK * chunks)),
    landmarks: new Uint8Array(new SharedArrayBuffer((CHUNK / 8) * chunks)),
    times: new Uint32Array(new SharedArrayBuffer(4 * chunks)),
    chunkStarts: new Uint32Array(new SharedArrayBuffer(4 * (tracks + 1))),
  };
}

/** Packs a recording's peaks from its first chunk on, which `chunkStarts` says. */
export function packPeaks(peaks: PackedPeaks, track: number, words: Uint32Array): void {
  const { cells, landmarks, times, chunkStarts } = peaks;
  let at = chunkStarts[track]! * CHUNK;
  let now = 0;
  forEachCell(words, (value, landmark, time) => {
    if (at % CHUNK === 0) times[at / CHUNK] = now;
    cells[at] = value;
    if (landmark) landmarks[at >> 3]! |= 1 << (at & 7);
    now = time;
    at++;
  });
}

/**
 * The peaks of one recording, as `wordOf` packs them, in order of time.
 * @param from first half frame that is wanted
 * @param to half frame after the last one that is wanted
 */
export function unpackPeaks(
  peaks: PackedPeaks,
  track: number,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): Uint32Array {
  const { cells, landmarks, times, chunkStarts } = peaks;
  const first = chunkStarts[track]!;
  let low = first;
  let high = chunkStarts[track + 1]!;
  const end = high * CHUNK;
  // The last chunk that begins before what is wanted.
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < from) low = middle;
    else high = middle;
  }
  if (scratch.length < end - low * CHUNK) scratch = new Uint32Array(end - low * CHUNK);
  let count = 0;
  let time = low < end / CHUNK ? times[low]! : 0;
  for (let at = low * CHUNK; at < end; at++) {
    const cell = cells[at]!;
    const frequency = cell >>> 4;
    if (frequency < SKIPS) {
      time += cell;
      continue;
    }
    time += cell & 15;
    if (time < from) continue;
    if (time >= to) break;
    scratch[count++] = wordOf(time, frequency, ((landmarks[at >> 3]! >> (at & 7)) & 1) === 1);
  }
  return scratch.slice(0, count);
}

/** Where peaks are unpacked to, before it is known how many there are. */
let scratch = new Uint32Array(CHUNK);
