import { describe, expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { jittered, type Peak, queryOf, randomPeaks } from '../../../test/support/peaks';
import type { PeakBlock } from './front-end';
import { BLOCK_FRAMES, FIRST_BIN, LAST_BIN } from './params';
import { PeakMap, QueryHistory } from './query';

const next = random(71);

/** A block as the front end makes them: a peak lies up to half a frame before the first and after the last of its frames. */
function block(number: number): PeakBlock {
  const firstFrame = number * BLOCK_FRAMES;
  const { time, frequency, count } = queryOf(
    randomPeaks(next, firstFrame - 0.5, firstFrame + BLOCK_FRAMES - 0.5, 60),
  );
  return {
    firstFrame,
    time,
    frequency: Float32Array.from(frequency),
    strength: new Float32Array(count),
    rank: Uint8Array.from(
      Array.from({ length: count }, (_, i) => ({ i, at: next() })).sort((a, b) => a.at - b.at),
      ({ i }) => i,
    ),
    frames: Array.from({ length: BLOCK_FRAMES }, () => ({ power: 0.1, flatness: 0.1 })),
  };
}

const listed = ({ time, frequency, count }: ReturnType<typeof queryOf>) =>
  Array.from({ length: count }, (_, i) => ({ time: time[i]!, frequency: frequency[i]! }));

describe('history', () => {
  test('gives exactly the peaks of a range, in order, and the strongest of each block', () => {
    const history = new QueryHistory(40 * BLOCK_FRAMES);
    const blocks = Array.from({ length: 40 }, (_, i) => block(i));
    for (const one of blocks) history.push(one);
    const all = blocks.flatMap(({ time, frequency, rank }) =>
      Array.from(time, (t, i) => ({
        peak: { time: t, frequency: frequency[i]! },
        rank: rank[i]!,
      })),
    );
    const anyTime = () => all[Math.floor(next() * all.length)]!.peak.time;
    for (let n = 0; n < 300; n++) {
      // On blocks' borders, up to a frame beside them, and anywhere.
      const place = () =>
        n % 2 === 0
          ? Math.floor(next() * 41) * BLOCK_FRAMES + Math.floor(next() * 9) / 4 - 1
          : next() * 42 * BLOCK_FRAMES - BLOCK_FRAMES;
      const [from, to] = n % 3 === 0 ? [anyTime(), anyTime()] : [place(), place()];
      const inside = all.filter(({ peak }) => peak.time >= from && peak.time < to);
      expect(listed(history.between(from, to))).toEqual(inside.map(({ peak }) => peak));
      for (const perBlock of [0, 1, 18, 60]) {
        expect(listed(history.landmarksBetween(from, to, perBlock))).toEqual(
          inside.filter(({ rank }) => rank < perBlock).map(({ peak }) => peak),
        );
      }
    }
  });

  test('keeps as many frames as it is told, and no more', () => {
    const keep = 10 * BLOCK_FRAMES;
    const history = new QueryHistory(keep);
    expect([history.firstFrame, history.endFrame]).toEqual([0, 0]);
    for (let i = 0; i < 50; i++) {
      const one = block(i);
      history.push(one);
      expect(history.endFrame).toBe((i + 1) * BLOCK_FRAMES);
      expect(history.endFrame - history.firstFrame).toBe(Math.min(keep, (i + 1) * BLOCK_FRAMES));
      expect(history.between(one.firstFrame, history.endFrame).count).toBeGreaterThan(50);
    }
    expect(history.between(0, history.firstFrame - 1).count).toBe(0);
  });
});

describe('map', () => {
  const FROM = 1000;
  const FRAMES = 80;

  /** By the definition: of the peaks within a cell of the place's cell, the one nearest to that cell's middle. */
  function nearest(peaks: readonly Peak[], frame: number, bin: number): Peak | undefined {
    const [t, f] = [Math.round(frame - FROM), Math.round(bin)];
    const distance = ({ time, frequency }: Peak) =>
      ((time - FROM - t) / 0.7) ** 2 + ((frequency - f) / 0.35) ** 2;
    return peaks
      .filter(
        ({ time, frequency }) =>
          Math.abs(Math.round(time - FROM) - t) <= 1 && Math.abs(Math.round(frequency) - f) <= 1,
      )
      .sort((a, b) => distance(a) - distance(b))[0];
  }

  test('says whether a peak is near, which, how far and how well it fits', () => {
    const map = new PeakMap(FRAMES + 20);
    // What was loaded before must leave nothing behind.
    map.load(queryOf(randomPeaks(next, FROM, FROM + FRAMES + 20, 2000)), FROM, FROM + FRAMES + 20);
    for (const count of [0, 300, 3000]) {
      const peaks = randomPeaks(next, FROM - 3, FROM + FRAMES + 3, count);
      map.load(queryOf(peaks), FROM, FROM + FRAMES);
      expect([map.fromFrame, map.toFrame, map.loaded.count]).toEqual([FROM, FROM + FRAMES, count]);
      const places = [
        ...randomPeaks(next, FROM - 3, FROM + FRAMES + 3, 400),
        ...jittered(next, peaks.slice(0, 400), 2),
      ].filter(({ frequency }) => frequency >= FIRST_BIN && frequency <= LAST_BIN);
      for (const { time, frequency } of places) {
        const found = { frames: 9, bins: 9 };
        const is = [
          map.at(time, frequency),
          map.grade(time, frequency),
          map.deviation(time, frequency, found),
          found.frames,
          found.bins,
        ];
        const t = Math.round(time - FROM);
        const peak = nearest(peaks, time, frequency);
        if (t < 0 || t >= FRAMES) expect(is).toEqual([-1, -1, false, 9, 9]);
        else if (!peak) expect(is).toEqual([0, 0, false, 9, 9]);
        else {
          const [frames, bins] = [peak.time - time, peak.frequency - frequency];
          const grade = Math.exp(-0.5 * ((frames / 0.7) ** 2 + (bins / 0.35) ** 2));
          expect(is).toEqual([1, grade, true, frames, bins]);
        }
      }
    }
  });

  test('a peak fits exactly where it is, less beside it, and not at all two cells away', () => {
    const map = new PeakMap(FRAMES);
    map.load(queryOf([{ time: FROM + 20.3, frequency: 400.2 }]), FROM, FROM + FRAMES);
    expect(map.grade(FROM + 20.3, 400.2)).toBe(1);
    const beside = [0.2, 0.6, 1].map((d) => map.grade(FROM + 20.3 + d, 400.2));
    expect(beside).toEqual([...beside].sort((a, b) => b - a));
    expect(beside[0]).toBeLessThan(1);
    expect(beside[2]).toBeGreaterThan(0);
    expect([map.at(FROM + 22, 400), map.at(FROM + 20, 402), map.at(FROM + 21, 401)]).toEqual([0, 0, 1]);
  });

  test('coverage is the share of the band that is near a peak, and what chance finds', () => {
    const map = new PeakMap(FRAMES);
    expect(map.coverage).toBe(0);
    for (const count of [1, 200, 2000]) {
      const peaks = randomPeaks(next, FROM, FROM + FRAMES, count);
      map.load(queryOf(peaks), FROM, FROM + FRAMES);
      let near = 0;
      let cells = 0;
      for (let t = 0; t < FRAMES; t++) {
        for (let bin = FIRST_BIN; bin <= LAST_BIN; bin++, cells++) near += map.at(FROM + t, bin);
      }
      // A peak in the band's first or last bin marks one more, outside it.
      expect(Math.abs(map.coverage - near / cells)).toBeLessThan(0.005 * map.coverage + 1e-9);
    }
  });

  test('a stretch longer than its room is cut off, not written over', () => {
    const map = new PeakMap(10);
    map.load(queryOf([{ time: 15, frequency: 100 }]), 0, 20);
    expect([map.toFrame, map.at(15, 100), map.coverage]).toEqual([10, -1, 0]);
  });
});
