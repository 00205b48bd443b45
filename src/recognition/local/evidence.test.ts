import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { playedPeaks, queryOf, randomPeaks, randomWords, someOf } from '../../../test/support/peaks';
import { type Alignment, toQuery } from './alignment';
import { forEachEvidence, weightsFor } from './evidence';
import { frequencyOf, timeOf } from './fingerprint';
import { LAST_BIN, PER_BIN, PER_FRAME } from './params';
import { PeakMap } from './query';

const next = random(91);

test('weights are those of two probabilities: a hit speaks for the recording, a miss against it', () => {
  for (let rate = 0; rate <= 1; rate += 0.05) {
    for (let chance = 0; chance <= 1; chance += 0.05) {
      const { hit, miss } = weightsFor(rate, chance);
      expect(hit).toBeGreaterThan(0);
      expect(miss).toBeLessThan(0);
      const absent = Math.min(0.3, Math.max(0.01, chance));
      const present = absent * Math.exp(hit);
      expect(present).toBeLessThanOrEqual(0.6 + 1e-9);
      // Both are of the same two: found and not found are all there is.
      expect(present + (1 - absent) * Math.exp(miss)).toBeCloseTo(1, 9);
      // What is not there loses evidence, what is there as it was gains it.
      expect(absent * hit + (1 - absent) * miss).toBeLessThan(0);
      expect(present * hit + (1 - present) * miss).toBeGreaterThan(0);
    }
  }
});

test('a miss weighs the more, the better the recording was heard', () => {
  const misses = [0.3, 0.5, 0.7, 0.9].map((rate) => weightsFor(rate, 0.03).miss);
  expect(misses).toEqual([...misses].sort((a, b) => b - a));
  expect(misses[3]).toBeLessThan(misses[0]!);
});

test('goes through the peaks of a range, in order or back, each with what it says', () => {
  const [from, to] = [200, 500];
  const map = new PeakMap(to - from);
  const weights = { hit: 2, miss: -1 };
  for (let n = 0; n < 20; n++) {
    const words = randomWords(next, 60);
    const alignment: Alignment = {
      queryAt: 250,
      referenceAt: 700 * next(),
      tempo: 0.97 + 0.06 * next(),
      pitch: 1.02,
    };
    const heard = someOf(next, playedPeaks(words, alignment, from, to), 0.5);
    map.load(queryOf([...heard, ...randomPeaks(next, from, to, 500)]), from, to);
    // Beyond the loaded stretch nothing is known, and nothing is said.
    const range = { from: from - 20 + 100 * next(), to: to + 20 - 100 * next() };
    const expected = Array.from(words).flatMap((word) => {
      const reference = timeOf(word) / PER_FRAME;
      const frame = toQuery(alignment, reference);
      const bin = (frequencyOf(word) / PER_BIN) * alignment.pitch;
      if (frame < range.from || frame >= range.to || bin > LAST_BIN) return [];
      const hit = map.at(frame, bin);
      return hit < 0 ? [] : [[reference, hit === 1 ? 2 : -1]];
    });
    const listed = (backwards: boolean) => {
      const list: number[][] = [];
      const each = (reference: number, nats: number) => list.push([reference, nats]);
      forEachEvidence(words, map, alignment, weights, { ...range, backwards }, each);
      return list;
    };
    expect(expected.length).toBeGreaterThan(50);
    expect(listed(false)).toEqual(expected);
    expect(listed(true)).toEqual(expected.reverse());
  }
});
