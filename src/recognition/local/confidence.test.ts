import { expect, test } from 'vitest';
import { confidenceOf } from './confidence';
import { CERTAIN, LIKELY } from './verify';

test('rises with the score and stays a probability', () => {
  for (let z = -5; z < 40; z += 0.5) {
    for (let windows = 1; windows < 64; windows *= 2) {
      for (const over of [false, true]) {
        const here = confidenceOf(z, windows, over);
        expect(here).toBeGreaterThan(0);
        expect(here).toBeLessThanOrEqual(1);
        // Near 1 the numbers have no room left to rise.
        if (here < 1 - 1e-9) expect(confidenceOf(z + 0.5, windows, over)).toBeGreaterThan(here);
      }
    }
  }
});

test('of a line that has just been found, a second window says as much as two standard deviations', () => {
  expect(confidenceOf(4, 2)).toBeCloseTo(confidenceOf(6, 1), 12);
  expect(confidenceOf(4, 3)).toBeGreaterThan(confidenceOf(4, 2));
  expect(confidenceOf(5, 0)).toBe(confidenceOf(5, 1));
});

test('what two windows say is above 0.95 at least, and one certain window is as good as sure', () => {
  expect(confidenceOf(LIKELY, 1)).toBeLessThan(0.9);
  expect(confidenceOf(LIKELY, 2)).toBeGreaterThan(0.95);
  expect(confidenceOf(CERTAIN, 1)).toBeGreaterThan(0.999);
  // The highest score of unknown music that shared no sound, so far: 6.3.
  expect(confidenceOf(6.3, 1)).toBeLessThan(0.9);
});

test('what never fits as a song by itself does is likely a sound that two recordings share, however long it lasts', () => {
  for (const windows of [4, 30, 1000]) {
    expect(confidenceOf(10, windows)).toBeLessThan(0.05);
    expect(confidenceOf(25, windows)).toBeGreaterThan(0.99);
  }
  expect(confidenceOf(10, 3)).toBeGreaterThan(0.99);
  // It will not get better once it has ended.
  expect(confidenceOf(10, 3, true)).toBeLessThan(0.05);
  expect(confidenceOf(25, 1, true)).toBeGreaterThan(0.99);
});
