import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { firstAbove } from './first-above';

test('is the first that is above, also among equals, and the count where none is', () => {
  const next = random(5);
  const rising = Float64Array.from({ length: 40 }, () => Math.floor(20 * next())).sort();
  for (const count of [0, 1, 7, 40]) {
    for (let value = -1; value <= 20; value += 0.5) {
      const found = rising.subarray(0, count).findIndex((number) => number > value);
      expect(firstAbove(rising, count, value), `${value} in ${count}`).toBe(found < 0 ? count : found);
    }
  }
});
