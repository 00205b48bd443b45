import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { queryOf, randomPeaks } from '../../../test/support/peaks';
import {
  f1Cell,
  forEachPair,
  KEY_BITS,
  QUERY_FAN_OUT,
  queryKeys,
  REFERENCE_FAN_OUT,
  referenceKey,
} from './pairs';
import { FIRST_BIN, LAST_BIN } from './params';

test.each([REFERENCE_FAN_OUT, 3, QUERY_FAN_OUT])('the %i nearest targets in the zone, no other', (fanOut) => {
  const next = random(31 + fanOut);
  for (const perFrame of [0.02, 0.3, 2]) {
    // Half of the peaks on whole frames: equal times, and exactly at the zone's edges.
    const peaks = randomPeaks(next, 0, 400, 400 * perFrame).map((peak, i) =>
      i % 2 === 0 ? { time: Math.round(peak.time), frequency: Math.round(peak.frequency) } : peak,
    );
    const { time, frequency, count } = queryOf(peaks);
    const expected: [number, number][] = [];
    for (let a = 0; a < count; a++) {
      const zone: { b: number; distance: number }[] = [];
      for (let b = 0; b < count; b++) {
        const dt = time[b]! - time[a]!;
        const df = Math.abs(frequency[b]! - frequency[a]!);
        if (dt >= 3 && dt <= 62 && df <= 254) zone.push({ b, distance: dt + df / 8 });
      }
      zone.sort((p, q) => p.distance - q.distance || p.b - q.b);
      for (const { b } of zone.slice(0, fanOut)) expected.push([a, b]);
    }
    const found: [number, number][] = [];
    forEachPair(time, frequency, count, fanOut, (a, b) => found.push([a, b]));
    expect(found).toEqual(expected);
    if (perFrame < 0.1) expect(found.length).toBeLessThan(count * fanOut);
  }
});

test('a query finds the reference when each number is off by less than a fifth of a cell, and no further', () => {
  const next = random(32);
  const keys = new Int32Array(8);
  const off = (by: number) => (next() < 0.5 ? -by : by) * (1 - 1e-9);
  let missed = 0;
  let further = 0;
  for (let i = 0; i < 20_000; i++) {
    // Bins of one cell each below 100; above, 1 % is one cell.
    const f1 = FIRST_BIN + 1 + next() * (LAST_BIN - FIRST_BIN - 2);
    const df = -250 + next() * 500;
    const dt = 4 + next() * 58;
    const cell = Math.max(1, f1 / 100);
    const key = (share: number) =>
      referenceKey(f1 + off(share) * cell * (f1 > 99 ? 0.99 : 1), df + off(share), dt + off(share));
    const n = queryKeys(f1Cell(f1), df, dt, keys);
    const own = keys.subarray(0, n);
    if (!own.includes(key(0.2 * next()))) missed++;
    if (!own.includes(key(0.2))) missed++;
    if (!own.includes(key(0.6))) further++;
    expect(new Set(own).size).toBe(n);
    expect(own[0]).toBe(referenceKey(f1, df, dt));
  }
  expect(missed).toBe(0);
  // Keys that were found whatever the difference would say nothing.
  expect(further).toBeGreaterThan(10_000);
});

test('every cell in range has a key of its own, of 24 bits, and neighbours lie far apart', () => {
  const taken = new Uint8Array(2 ** KEY_BITS);
  let cells = 0;
  let wrong = 0;
  for (let f1 = FIRST_BIN; f1 < 100 + 100 * Math.log(LAST_BIN / 100); f1++) {
    const bin = f1 < 100 ? f1 : 100 * Math.exp((f1 + 0.5 - 100) / 100);
    for (let df = -255; df <= 255; df++) {
      for (let dt = 3; dt <= 63; dt++) {
        const key = referenceKey(bin, df, dt);
        if (taken[key] !== 0) wrong++;
        else taken[key] = 1;
        cells++;
      }
    }
  }
  expect(cells).toBeGreaterThan(9e6);
  // One out of range would be no number of the array, and come as taken.
  expect(wrong).toBe(0);
  const near = [referenceKey(200, 5, 10), referenceKey(200, 5, 11), referenceKey(200, 6, 10)];
  for (const [i, a] of near.entries())
    for (const b of near.slice(i + 1)) expect(Math.abs(a - b)).toBeGreaterThan(1000);
});

test('keys at the very edge of the range stay apart from those beyond it', () => {
  const keys = new Int32Array(8);
  for (const [df, dt] of [
    [255, 63],
    [-255, 63],
    [254.9, 62.9],
    [-254.9, 3],
  ] as const) {
    const n = queryKeys(f1Cell(LAST_BIN), df, dt, keys);
    const reachable = new Set<number>();
    for (const f1 of [LAST_BIN - 10, LAST_BIN, LAST_BIN + 10])
      for (const d of [-1, 0, 1])
        for (const t of [-1, 0, 1]) {
          const [b, c] = [Math.floor(df) + d, Math.floor(dt) + t];
          if (b >= -256 && b <= 255 && c >= 0 && c <= 63) reachable.add(referenceKey(f1, b, c));
        }
    for (const key of keys.subarray(0, n)) expect(reachable.has(key)).toBe(true);
  }
});
