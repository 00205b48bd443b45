import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { timeOf, wordOf } from './fingerprint';
import { chunksOf, emptyPeaks, type PackedPeaks, packPeaks, unpackPeaks } from './packed-peaks';
import { MAX_PEAK_TIME } from './params';

function pack(recordings: readonly Uint32Array[]): PackedPeaks {
  const chunks = recordings.map(chunksOf);
  const peaks = emptyPeaks(
    recordings.length,
    chunks.reduce((a, b) => a + b, 0),
  );
  let at = 0;
  for (const [i, words] of recordings.entries()) {
    peaks.chunkStarts[i] = at;
    packPeaks(peaks, i, words);
    at += chunks[i]!;
  }
  peaks.chunkStarts[recordings.length] = at;
  return peaks;
}

/** From chords (many peaks at one time) to silences of minutes; frequencies from the lowest that a peak has to the highest. */
function recording(next: () => number, count: number): Uint32Array {
  const words: number[] = [];
  const silences = [0, 1, 15, 16, 17, 1022, 1023, 1024, 1038, 1039, 2046, 2062, 20_000];
  let time = Math.floor(next() * 4000);
  for (let i = 0; i < count; i++) {
    if (next() < 0.1) time += silences[Math.floor(next() * silences.length)]!;
    else if (next() < 0.7) time += Math.floor(next() * 20);
    words.push(wordOf(time, next() < 0.1 ? 64 : 64 + Math.floor(next() * 4032), next() < 0.4));
  }
  return Uint32Array.from(words).sort();
}

const next = random(11);
// Lengths around the chunks of 64, and nothing at all: first, between others and last.
const lengths = [0, 1, 63, 0, 0, 64, 65, 128, 1, 129, 700, 0, 2000, 0];
const recordings = lengths.map((count) => recording(next, count));
const packed = pack(recordings);

test('what is packed comes out again, peak by peak', () => {
  for (const [i, words] of recordings.entries()) expect([...unpackPeaks(packed, i)]).toEqual([...words]);
});

test('a window gives exactly the peaks that lie in it', () => {
  for (const [i, words] of recordings.entries()) {
    const end = words.length === 0 ? 100 : timeOf(words.at(-1)!) + 2;
    const chunkTimes = packed.times.subarray(packed.chunkStarts[i], packed.chunkStarts[i + 1]);
    const peakTimes = Array.from(words, timeOf);
    // Where chunks begin and peaks lie, and one beside; elsewhere; before the recording and after it.
    const place = () => {
      const near = next() < 0.5 ? chunkTimes : peakTimes;
      if (near.length === 0 || next() < 0.3) return Math.floor(next() * end * 1.2) - 10;
      return near[Math.floor(next() * near.length)]! + Math.floor(next() * 3) - 1;
    };
    for (let n = 0; n < 300; n++) {
      const [from, to] = [place(), next() < 0.1 ? Number.POSITIVE_INFINITY : place()];
      const expected = words.filter((word) => timeOf(word) >= from && timeOf(word) < to);
      const found = unpackPeaks(packed, i, from, to);
      if (!Buffer.from(found.buffer).equals(Buffer.from(expected.buffer))) {
        expect({ i, from, to, words: [...found] }).toEqual({ i, from, to, words: [...expected] });
      }
    }
  }
});

test('a peak at the last time that can be stored, after nothing but silence', () => {
  const words = Uint32Array.of(wordOf(MAX_PEAK_TIME, 4095, true));
  const alone = pack([words]);
  expect([...unpackPeaks(alone, 0)]).toEqual([...words]);
  // 2.3 hours in skips of 16 s: more than one chunk of them, and the window begins in the second.
  expect(alone.chunkStarts[1]).toBeGreaterThan(1);
  expect([...unpackPeaks(alone, 0, MAX_PEAK_TIME)]).toEqual([...words]);
  expect([...unpackPeaks(alone, 0, 0, MAX_PEAK_TIME)]).toEqual([]);
});

test('music takes two bytes per peak', () => {
  let time = 0;
  const words = Uint32Array.from({ length: 6400 }, () => {
    time += Math.floor(next() * 7);
    return wordOf(time, 64 + Math.floor(next() * 4032), false);
  });
  expect(chunksOf(words)).toBe(100);
});
