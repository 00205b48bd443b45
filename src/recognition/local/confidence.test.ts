import { expect, test } from 'vitest';
import { confidenceOf } from './confidence';
import { CERTAIN, LIKELY } from './verify';

test('rises with the score and with the windows that agree, and stays a probability', () => {
  for (let z = -5; z < 40; z += 0.5) {
    for (let windows = 1; windows < 64; windows *= 2) {
      const here = confidenceOf(z, windows);
      expect(here).toBeGreaterThan(0);
      expect(here).toBeLessThanOrEqual(1);
      // Near 1 the numbers have no room left to rise.
      if (here > 1 - 1e-9) continue;
      expect(confidenceOf(z + 0.5, windows)).toBeGreaterThan(here);
      expect(confidenceOf(z, 2 * windows)).toBeGreaterThan(here);
    }
  }
});

test('a doubling of the windows says as much as two standard deviations', () => {
  for (const windows of [1, 3, 8])
    expect(confidenceOf(4, 2 * windows)).toBeCloseTo(confidenceOf(6, windows), 12);
  expect(confidenceOf(5, 0)).toBe(confidenceOf(5, 1));
});

test('nothing is accepted below 0.9, and one certain window is as good as sure', () => {
  expect(confidenceOf(LIKELY, 1)).toBeGreaterThan(0.9);
  expect(confidenceOf(LIKELY - 0.1, 1)).toBeLessThan(0.9);
  expect(confidenceOf(LIKELY, 2)).toBeGreaterThan(0.98);
  expect(confidenceOf(CERTAIN, 1)).toBeGreaterThan(0.999);
  // The highest score of unknown music that shared no sound, so far: 6.3.
  expect(confidenceOf(6.3, 1)).toBeLessThan(0.9);
});
