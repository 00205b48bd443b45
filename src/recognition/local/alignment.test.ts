import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { playedPeaks, queryOf, randomPeaks, randomWords, someOf } from '../../../test/support/peaks';
import {
  type Alignment,
  coincide,
  forEachExpected,
  graded,
  lowerBound,
  toQuery,
  toReference,
} from './alignment';
import { frequencyOf, timeOf } from './fingerprint';
import { LAST_BIN, PER_BIN, PER_FRAME } from './params';
import { PeakMap } from './query';

const next = random(101);
const anyAlignment = (): Alignment => ({
  queryAt: 4000 * next(),
  referenceAt: 2000 * next() - 200,
  tempo: 0.95 + 0.1 * next(),
  pitch: 0.95 + 0.1 * next(),
});

test('there and back again: the recording and the air', () => {
  for (let n = 0; n < 500; n++) {
    const alignment = anyAlignment();
    const frame = 10_000 * next();
    expect(toReference(alignment, toQuery(alignment, frame))).toBeCloseTo(frame, 8);
    expect(toQuery(alignment, toReference(alignment, frame))).toBeCloseTo(frame, 8);
    expect(toQuery(alignment, alignment.referenceAt)).toBe(alignment.queryAt);
  }
  // Two per cent faster: a minute of the recording takes less of the air.
  const faster = { queryAt: 100, referenceAt: 0, tempo: 1.02, pitch: 1 };
  expect(toQuery(faster, 1020)).toBeCloseTo(1100, 9);
});

test('the first peak at or after a time, also where several are at one time', () => {
  const words = randomWords(next, 3, 100);
  for (let time = -5; time < 200; time += 0.5) {
    const first = words.findIndex((word) => timeOf(word) >= time);
    expect(lowerBound(words, time)).toBe(first < 0 ? words.length : first);
  }
  expect(lowerBound(new Uint32Array(), 3)).toBe(0);
});

test('counts and grades the peaks that should sound in the stretch, as one by one', () => {
  const map = new PeakMap(312);
  for (let n = 0; n < 100; n++) {
    const words = randomWords(next, 60);
    const alignment = anyAlignment();
    const from = Math.floor(alignment.queryAt - 100 + 200 * next());
    const to = from + 312;
    const heard = someOf(next, playedPeaks(words, alignment, from, to), 0.4);
    map.load(queryOf([...heard, ...randomPeaks(next, from, to, 800)]), from, to);
    const expected = Array.from(words, (word) => ({
      frame: toQuery(alignment, timeOf(word) / PER_FRAME),
      bin: (frequencyOf(word) / PER_BIN) * alignment.pitch,
    })).filter(({ frame, bin }) => frame >= from && frame < to && bin <= LAST_BIN);
    const listed: { frame: number; bin: number }[] = [];
    forEachExpected(words, map, alignment, (frame, bin) => listed.push({ frame, bin }));
    expect(listed).toEqual(expected);
    const known = expected.filter(({ frame, bin }) => map.at(frame, bin) >= 0);
    const count = { hits: -1, expected: -1 };
    coincide(words, map, alignment, count);
    expect(count).toEqual({
      hits: known.filter(({ frame, bin }) => map.at(frame, bin) === 1).length,
      expected: known.length,
    });
    const sum = known.reduce((total, { frame, bin }) => total + map.grade(frame, bin), 0);
    expect(graded(words, map, alignment)).toBeCloseTo(sum, 9);
    expect(count.hits).toBeGreaterThanOrEqual(heard.length - 2);
  }
});
