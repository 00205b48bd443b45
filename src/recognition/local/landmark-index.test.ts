import { describe, expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { queryOf, randomWords } from '../../../test/support/peaks';
import { type Alignment, toQuery } from './alignment';
import { bucketStart } from './bucket-table';
import { frequencyOf, isLandmark, timeOf, wordOf } from './fingerprint';
import {
  buildIndex,
  checkIndex,
  EMPTY_INDEX,
  indexBytes,
  type LandmarkIndex,
  peaksNear,
  referenceAt,
  trackAt,
} from './landmark-index';
import { KEY_BITS, referenceKey } from './pairs';
import { FRAMES_PER_SECOND, PER_BIN, PER_FRAME } from './params';
import { PeakMap } from './query';
import type { ReferenceTrack } from './reference';

const next = random(41);
const tracks = [40, 3, 90, 0, 61, 200].map((durationS, i): ReferenceTrack => {
  const quiet = { start: 300 * i, end: 65_535 - 300 * i };
  return { trackId: 100 + i, durationS, words: randomWords(next, durationS), quiet };
});
const index = buildIndex(tracks, 7);

interface Pair {
  readonly key: number;
  /** Half frame of the anchor, in its recording. */
  readonly time: number;
}

/** By the definition: each landmark with the nearest one in its zone. */
function pairsOf(words: Uint32Array): Pair[] {
  const landmarks = Array.from(words)
    .filter(isLandmark)
    .map((word) => ({
      time: timeOf(word),
      frame: timeOf(word) / PER_FRAME,
      bin: frequencyOf(word) / PER_BIN,
    }));
  return landmarks.flatMap(({ time, frame, bin }) => {
    let best: { key: number; distance: number } | undefined;
    for (const target of landmarks) {
      const dt = target.frame - frame;
      const df = target.bin - bin;
      const distance = dt + Math.abs(df) / 8;
      if (dt < 3 || dt > 62 || Math.abs(df) > 254 || (best && best.distance <= distance)) continue;
      best = { key: referenceKey(bin, df, dt), distance };
    }
    return best ? [{ key: best.key, time }] : [];
  });
}

const bucketOf = ({ bucketBits }: LandmarkIndex, key: number) => key >>> (KEY_BITS - bucketBits);

/** What stands in a bucket: tags and positions. */
function bucket(index: LandmarkIndex, number: number): string[] {
  const { buckets, postings, tagBits } = index;
  return [...postings.subarray(bucketStart(buckets, number), bucketStart(buckets, number + 1))].map(
    (posting) => `${posting % 2 ** tagBits} at ${Math.floor(posting / 2 ** tagBits)}`,
  );
}

function postingOf({ bucketBits, tagBits, trackStarts }: LandmarkIndex, track: number, { key, time }: Pair) {
  const tag = (key >>> (KEY_BITS - bucketBits - tagBits)) % 2 ** tagBits;
  return `${tag} at ${trackStarts[track]! + time}`;
}

/** One interval again and again, twelve seconds apart so that its pairs are only its own. */
function humOf(often: number): Uint32Array {
  const words: number[] = [];
  for (let i = 0; i < often; i++) {
    words.push(wordOf(i * 750 + 100, 1200, true), wordOf(i * 750 + 120, 1400, true));
  }
  return Uint32Array.from(words);
}

describe('postings', () => {
  test('each pair of each track is in its bucket, with its tag and its place, and nothing else is', () => {
    const expected = new Map<number, string[]>();
    for (const [track, { words }] of tracks.entries()) {
      for (const pair of pairsOf(words)) {
        const number = bucketOf(index, pair.key);
        expected.set(number, [...(expected.get(number) ?? []), postingOf(index, track, pair)]);
      }
    }
    expect([...expected.values()].flat().length).toBeGreaterThan(2000);
    for (let number = 0; number < 2 ** index.bucketBits; number++) {
      expect(bucket(index, number).sort()).toEqual((expected.get(number) ?? []).sort());
    }
    // Bucket and tag together are nearly the whole key here: the tag does tell keys apart.
    expect(index.tagBits).toBeGreaterThan(10);
  });

  test('a cliché is left out, and only that', () => {
    const hum = { trackId: 1, durationS: 5000, words: humOf(400), quiet: { start: 0, end: 0 } };
    const withHum = buildIndex([...tracks, hum], 1);
    const cliche = referenceKey(300, 50, 10);
    const landmarks = [...tracks, hum].flatMap(({ words }) => [...words].filter(isLandmark)).length;
    const most = 32 * (landmarks / 2 ** withHum.bucketBits);
    expect(pairsOf(hum.words).filter(({ key }) => key === cliche)).toHaveLength(400);
    expect(400).toBeGreaterThan(most);
    expect(bucket(withHum, bucketOf(withHum, cliche))).toEqual([]);
    for (const [track, { words }] of tracks.entries()) {
      for (const pair of pairsOf(words)) {
        const number = bucketOf(withHum, pair.key);
        if (number === bucketOf(withHum, cliche)) continue;
        expect(bucket(withHum, number)).toContain(postingOf(withHum, track, pair));
      }
    }
  });

  test('it is one from 32 times the mean on', () => {
    const cliche = referenceKey(300, 50, 10);
    const few = tracks.slice(0, 3);
    const others = few.flatMap(({ words }) => pairsOf(words));
    const lone = few.flatMap(({ words }) => [...words].filter(isLandmark)).length;
    const seen = new Set<number>();
    for (let often = 90; often < 190; often++) {
      const words = humOf(often);
      const some = buildIndex(
        [...few, { trackId: 1, durationS: 3000, words, quiet: { start: 0, end: 0 } }],
        1,
      );
      const number = bucketOf(some, cliche);
      const held = often + others.filter(({ key }) => bucketOf(some, key) === number).length;
      const most = Math.ceil(32 * ((lone + words.length) / 2 ** some.bucketBits));
      expect(bucket(some, number)).toHaveLength(held > most ? 0 : held);
      seen.add(held - most);
    }
    // The last that is kept, and the first that is not.
    expect(seen.has(0) && seen.has(1)).toBe(true);
  });
});

describe('tracks', () => {
  test('each is as it was given, and has its stretch of the time line', () => {
    for (const [i, reference] of tracks.entries()) {
      const { durationS } = reference;
      expect({ ...referenceAt(index, i) }).toEqual(reference);
      const start = index.trackStarts[i]!;
      const end = start + durationS * FRAMES_PER_SECOND * PER_FRAME;
      for (const position of [start, (start + end) / 2, end]) expect(trackAt(index, position)).toBe(i);
      // The gap between two: longer than any window.
      expect(index.trackStarts[i + 1]! - end).toBeGreaterThanOrEqual(30 * FRAMES_PER_SECOND * PER_FRAME);
    }
    expect(trackAt(index, index.trackStarts[0]! - 1)).toBe(-1);
    expect(trackAt(EMPTY_INDEX, 5000)).toBe(-1);
  });

  test('near a stretch of air: all peaks that may sound in it, and not many more', () => {
    const map = new PeakMap(312);
    for (let n = 0; n < 200; n++) {
      const track = [0, 2, 4, 5][n % 4]!;
      const words = tracks[track]!.words;
      const from = Math.floor(next() * 5000);
      const to = from + 156 + Math.floor(next() * 156);
      map.load(queryOf([]), from, to);
      const alignment: Alignment = {
        queryAt: from + next() * 300,
        referenceAt: next() * tracks[track]!.durationS * FRAMES_PER_SECOND,
        tempo: 0.96 + 0.08 * next(),
        pitch: 1,
      };
      const near = new Set(peaksNear(index, track, map, alignment));
      const at = (word: number) => toQuery(alignment, timeOf(word) / PER_FRAME);
      const inside = words.filter((word) => at(word) >= from - 10 && at(word) <= to + 10);
      expect(inside.filter((word) => !near.has(word))).toEqual(new Uint32Array());
      for (const word of near) expect(at(word) > from - 20 && at(word) < to + 20).toBe(true);
    }
  });
});

test('one changed bit in any of its arrays is noticed', () => {
  const damaged = buildIndex(tracks.slice(0, 3), 1);
  const { buckets, peaks, postings, trackIds, trackStarts, durations, quiet } = damaged;
  const arrays = { ...buckets, ...peaks, postings, trackIds, trackStarts, durations, quiet };
  expect(() => checkIndex(damaged)).not.toThrow();
  for (const [name, array] of Object.entries(arrays)) {
    const bytes = new Uint8Array(array.buffer);
    for (const at of [0, Math.floor(next() * bytes.length), bytes.length - 1]) {
      const bit = 1 << Math.floor(next() * 8);
      bytes[at]! ^= bit;
      expect(() => checkIndex(damaged), `${name}, byte ${at}`).toThrow(/damaged/);
      bytes[at]! ^= bit;
    }
  }
  expect(() => checkIndex(damaged)).not.toThrow();
  expect(() => checkIndex(EMPTY_INDEX)).not.toThrow();
});

test('its bytes are those of all its arrays, which all lie in shared memory', () => {
  let bytes = 0;
  const walk = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      expect(value.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(value.byteLength).toBe(value.buffer.byteLength);
      bytes += value.byteLength;
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  walk(index);
  expect(indexBytes(index)).toBe(bytes);
  expect(bytes).toBeGreaterThan(10_000);
});
