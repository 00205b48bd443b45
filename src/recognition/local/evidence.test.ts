import { describe, expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { playedPeaks, queryOf, randomPeaks, randomWords, someOf } from '../../../test/support/peaks';
import { type Alignment, toQuery } from './alignment';
import { forEachEvidence, type Presence, presenceOf, Trail } from './evidence';
import { frequencyOf, timeOf } from './fingerprint';
import { LAST_BIN, PER_BIN, PER_FRAME } from './params';
import { PeakMap } from './query';

const next = random(91);

test('the better a recording was heard, the more of it is expected; never all, and never nothing', () => {
  const clear = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1].map(
    (rate) => presenceOf(rate, { chance: 0.05, gradeByChance: 0.01 }).clear,
  );
  expect(clear).toEqual([...clear].sort((a, b) => a - b));
  expect([clear[0], clear.at(-1)!]).toEqual([0.2, expect.closeTo(0.6, 9)]);
  // Where the recording is not, a peak's likelihood ratio is 1 in the mean.
  expect(presenceOf(0.5, { chance: 0.05, gradeByChance: 0.01 }).ratio * 0.01).toBeCloseTo(1, 9);
});

/** What the air has where a recording's peak should be: with some probability the peak itself, or one by chance. */
function grade(share: number, chance: number): number {
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  if (next() < share) return Math.exp(-0.5 * (normal() ** 2 + normal() ** 2));
  if (next() >= chance) return 0;
  const [t, f] = [3 * next() - 1.5, 3 * next() - 1.5];
  return Math.exp(-0.5 * ((t / 0.7) ** 2 + (f / 0.35) ** 2));
}

describe('a trail', () => {
  const CHANCE = 0.05;
  const byChance = Array.from({ length: 20_000 }, () => grade(0, CHANCE)).reduce((a, b) => a + b, 0) / 20_000;
  const presence: Presence = presenceOf(0.8, { chance: CHANCE, gradeByChance: byChance });
  /** 20 peaks per second, of which this share is heard. */
  const walk = (trail: Trail, seconds: number, share: number, faint = false) => {
    for (let i = 0; i < 20 * seconds; i++) trail.step(grade(share, CHANCE), presence, faint);
    return trail.nats;
  };
  const runs = Array.from({ length: 60 }, () => 0);
  const mean = (of: () => number) => runs.reduce((sum) => sum + of(), 0) / runs.length;

  test('what is heard speaks for a recording, clearly or covered; what is not speaks against it', () => {
    expect(mean(() => walk(new Trail(), 5, 0.8))).toBeGreaterThan(100);
    expect(mean(() => walk(new Trail(), 10, 0.12))).toBeGreaterThan(5);
    expect(mean(() => walk(new Trail(), 10, 0))).toBeLessThan(-10);
  });

  test('goes on under speech, and ends where the recording does', () => {
    let [under, after] = [0, 0];
    for (const _ of runs) {
      const trail = new Trail();
      walk(trail, 10, 0.7);
      const clear = trail.best;
      let last = 0;
      for (let i = 0; i < 20 * 16; i++) {
        if (trail.step(grade(i < 20 * 8 ? 0.2 : 0, CHANCE), presence)) last = i / 20;
      }
      expect(trail.best).toBeGreaterThan(clear);
      if (last > 6.5 && last < 9.5) under++;
      if (last >= 9.5) after++;
    }
    expect(under).toBeGreaterThan(0.8 * runs.length);
    expect(after).toBeLessThan(0.1 * runs.length);
  });

  test('evidence falls no further than its floor: it is soon taken up again', () => {
    const trail = new Trail(25);
    walk(trail, 10, 0.7);
    const { best } = trail;
    for (let i = 0; i < 1000; i++) trail.step(0, presence);
    expect(trail.nats).toBe(best - 25);
    walk(trail, 2, 0.7);
    expect(trail.best).toBeGreaterThan(best);
  });

  test('where a recording is faint, its absence says little, and its presence as much as anywhere', () => {
    const absent = mean(() => walk(new Trail(), 5, 0));
    const faintlyAbsent = mean(() => walk(new Trail(), 5, 0, true));
    expect(faintlyAbsent).toBeLessThan(0);
    expect(faintlyAbsent).toBeGreaterThan(0.5 * absent);
    expect(mean(() => walk(new Trail(), 5, 0.7, true))).toBeGreaterThan(80);
  });

  test('begun anew, it has nothing, and remembers its best', () => {
    const trail = new Trail();
    walk(trail, 5, 0.7);
    const { best } = trail;
    trail.restart();
    expect([trail.nats, trail.best]).toEqual([0, best]);
  });
});

test('goes through the peaks of a range, in order or back, each with what it says', () => {
  const [from, to] = [200, 500];
  const map = new PeakMap(to - from);
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
      const found = map.grade(frame, bin);
      return found < 0 ? [] : [[reference, found]];
    });
    const listed = (backwards: boolean) => {
      const list: number[][] = [];
      const each = (reference: number, found: number) => list.push([reference, found]);
      forEachEvidence(words, map, alignment, { ...range, backwards }, each);
      return list;
    };
    expect(expected.length).toBeGreaterThan(50);
    expect(expected.some(([, found]) => found === 1)).toBe(true);
    expect(listed(false)).toEqual(expected);
    expect(listed(true)).toEqual(expected.reverse());
  }
});
