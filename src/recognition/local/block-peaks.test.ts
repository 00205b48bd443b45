import { expect, test } from 'vitest';
import { BlockPeaks } from './block-peaks';

test('keeps the strongest, in order of time; of equals those that were added first', () => {
  const peaks = new BlockPeaks();
  peaks.add(0.4, 100, -1);
  peaks.add(0.1, 200, -3);
  peaks.add(0.9, 300, -2);
  peaks.add(0.7, 400, -3);
  peaks.add(1.2, 500, -9);
  const { time, frequency, strength, rank } = peaks.take(3);
  expect([...frequency]).toEqual([200, 100, 300]);
  expect([...time]).toEqual([0.1, 0.4, 0.9]);
  expect([...strength]).toEqual([-3, -1, -2]);
  expect([...rank]).toEqual([2, 0, 1]);
});

test('puts the strongest of simultaneous peaks first', () => {
  const peaks = new BlockPeaks();
  for (const strength of [-5, -1, -3]) peaks.add(0, 50 - strength, strength);
  expect([...peaks.take(120).rank]).toEqual([0, 1, 2]);
});

test('begins a new block with what comes after', () => {
  const peaks = new BlockPeaks();
  peaks.add(1, 1, 1);
  expect(peaks.size).toBe(1);
  peaks.take(1);
  expect(peaks.size).toBe(0);
  expect(peaks.take(1).time).toHaveLength(0);
});
