import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { bucketStart, bucketTable, GROUP_BITS, MAX_BUCKET } from './bucket-table';

/** The first bucket whose start is not the sum of what lies before it; −1 = none. */
function firstWrong(counts: Uint32Array): number {
  const table = bucketTable(counts);
  let sum = 0;
  for (let bucket = 0; bucket <= counts.length; bucket++) {
    if (bucketStart(table, bucket) !== sum) return bucket;
    sum += counts[bucket] ?? 0;
  }
  return -1;
}

test('each bucket begins where those before it end: empty, full and in between, across groups', () => {
  const next = random(21);
  for (const buckets of [0, 1, 63, 64, 65, 127, 128, 256, 1000, 4096]) {
    for (const full of [0, 0.05, 0.5, 1]) {
      const counts = Uint32Array.from({ length: buckets }, () => {
        if (next() < full) return MAX_BUCKET;
        return next() < 0.3 ? 0 : Math.floor(next() * MAX_BUCKET);
      });
      expect({ buckets, full, wrong: firstWrong(counts) }).toEqual({ buckets, full, wrong: -1 });
    }
  }
});

test('a group of full buckets still fits in 16 bits, and more would not', () => {
  const inGroup = 2 ** GROUP_BITS - 1;
  expect(inGroup * MAX_BUCKET).toBeLessThan(2 ** 16);
  expect(firstWrong(new Uint32Array(256).fill(MAX_BUCKET))).toBe(-1);
  expect(firstWrong(new Uint32Array(256).fill(Math.ceil(2 ** 16 / inGroup)))).toBe(inGroup);
});

test('takes little over two bytes per bucket', () => {
  const { groups, within } = bucketTable(new Uint32Array(2 ** 16));
  expect((groups.byteLength + within.byteLength) / 2 ** 16).toBeLessThan(2.1);
});
