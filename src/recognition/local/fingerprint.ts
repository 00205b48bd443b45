import { crc32 } from 'node:zlib';
import { FrontEnd, type PeakBlock } from './front-end';
import {
  FINGERPRINT_VERSION,
  FRAMES_PER_SECOND,
  MAX_PEAK_TIME,
  PER_BIN,
  PER_FRAME,
  REFERENCE_DENSITY,
  REFERENCE_LANDMARKS,
  SAMPLE_RATE_HZ,
} from './params';
import { type QuietEdges, quietEdges } from './quiet-edges';

/** What is stored of a recording: its strongest spectral peaks, about 4.8 kB per minute. */
export interface Fingerprint {
  /** FINGERPRINT_VERSION at the time it was made. */
  readonly version: number;
  readonly durationS: number;
  /**
   * Little-endian: frames of the quiet edges, start and end (16 bits each), then one 32-bit word (`wordOf`) per peak,
   * rising.
   */
  readonly data: Uint8Array;
  /** CRC-32 of `data`, as a signed 32-bit integer (PostgreSQL's `integer`). */
  readonly checksum: number;
}

/**
 * Fingerprint of a whole recording.
 * @param samples mono, 16-bit, 8 kHz; what lies beyond 2 h 20 min is not looked at
 */
export function fingerprintOf(samples: Int16Array): Fingerprint {
  const frontEnd = new FrontEnd(REFERENCE_DENSITY);
  const blocks: PeakBlock[] = [];
  const step = SAMPLE_RATE_HZ * 10;
  for (let at = 0; at < samples.length; at += step) {
    blocks.push(...frontEnd.push(samples.subarray(at, at + step)));
  }
  blocks.push(...frontEnd.finish());
  return packFingerprint(samples.length / SAMPLE_RATE_HZ, wordsOf(blocks), quietEdges(blocks));
}

function wordsOf(blocks: readonly PeakBlock[]): number[] {
  const words: number[] = [];
  for (const block of blocks) {
    for (let i = 0; i < block.time.length; i++) {
      const time = Math.max(0, Math.round(block.time[i]! * PER_FRAME));
      const frequency = Math.round(block.frequency[i]! * PER_BIN);
      if (time <= MAX_PEAK_TIME) words.push(wordOf(time, frequency, block.rank[i]! < REFERENCE_LANDMARKS));
    }
  }
  return words.sort((a, b) => a - b);
}

/**
 * Packs a fingerprint as it is stored.
 * @param words packed peaks, rising
 */
export function packFingerprint(
  durationS: number,
  words: ArrayLike<number>,
  quiet: QuietEdges = { start: 0, end: 0 },
): Fingerprint {
  const data = new Uint8Array(4 + words.length * 4);
  const view = new DataView(data.buffer);
  view.setUint16(0, quiet.start, true);
  view.setUint16(2, quiet.end, true);
  for (let i = 0; i < words.length; i++) view.setUint32(4 + 4 * i, words[i]!, true);
  return { version: FINGERPRINT_VERSION, durationS, data, checksum: crc32(data) | 0 };
}

/**
 * The packed peaks of a stored fingerprint, and the recording's quiet edges.
 * @param room gives the array that the peaks are written to
 * @throws Error when it is of another version or damaged
 */
export function unpackFingerprint(
  fingerprint: Fingerprint,
  room: (words: number) => Uint32Array = (words) => new Uint32Array(words),
): { words: Uint32Array; quiet: QuietEdges } {
  if (fingerprint.version !== FINGERPRINT_VERSION) {
    throw new Error(`fingerprint of version ${fingerprint.version}, expected ${FINGERPRINT_VERSION}`);
  }
  const { data } = fingerprint;
  if ((crc32(data) | 0) !== fingerprint.checksum || data.byteLength % 4 !== 0 || data.byteLength === 0) {
    throw new Error('fingerprint damaged: its checksum does not fit');
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const words = room(data.byteLength / 4 - 1);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(4 + 4 * i, true);
  return { words, quiet: { start: view.getUint16(0, true), end: view.getUint16(2, true) } };
}

/**
 * The same recording without the peaks of its first and last seconds: what was heard on the air may have a neighbour's
 * sound at its edges, which must not be recognised as this one. Its duration stays.
 * @param edgeS seconds
 */
export function withoutEdges(fingerprint: Fingerprint, edgeS: number): Fingerprint {
  const { words, quiet } = unpackFingerprint(fingerprint);
  const first = edgeS * FRAMES_PER_SECOND * PER_FRAME;
  const last = (fingerprint.durationS - edgeS) * FRAMES_PER_SECOND * PER_FRAME;
  const kept = words.filter((word) => timeOf(word) >= first && timeOf(word) <= last);
  return packFingerprint(fingerprint.durationS, kept, quiet);
}

/**
 * A peak in 32 bits, from the highest: time in half frames (19), is it a landmark (1), frequency in quarter bins (12).
 * @returns a non-negative integer
 */
export function wordOf(time: number, frequency: number, landmark: boolean): number {
  return time * 8192 + (landmark ? 4096 : 0) + frequency;
}

/** Time of a packed peak, in half frames. */
export function timeOf(word: number): number {
  return word >>> 13;
}

/** Are pairs made of this peak? */
export function isLandmark(word: number): boolean {
  return (word & 4096) !== 0;
}

/** Frequency of a packed peak, in quarter bins. */
export function frequencyOf(word: number): number {
  return word & 4095;
}
