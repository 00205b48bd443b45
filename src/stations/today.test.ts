import { expect, test } from 'vitest';
import { Today } from './today';

const MIDNIGHT = Date.UTC(2026, 10, 24);
const HOUR = 3_600_000;

test('coverage counts from when the station came, and anew from midnight UTC', () => {
  const today = new Today(MIDNIGHT + 22 * HOUR);
  expect(today.coverage(MIDNIGHT + 22 * HOUR)).toBeUndefined();
  today.heard(1800, MIDNIGHT + 23 * HOUR);
  today.reconnected(MIDNIGHT + 23 * HOUR);
  expect(today.coverage(MIDNIGHT + 23 * HOUR)).toBeCloseTo(0.5);
  expect(today.reconnectsToday(MIDNIGHT + 23 * HOUR)).toBe(1);
  expect(today.coverage(MIDNIGHT + 25 * HOUR)).toBe(0);
  expect(today.reconnectsToday(MIDNIGHT + 25 * HOUR)).toBe(0);
  today.heard(3600, MIDNIGHT + 26 * HOUR);
  expect(today.coverage(MIDNIGHT + 26 * HOUR)).toBeCloseTo(0.5);
});

test('a restart does not make the morning forgotten', () => {
  const today = new Today(MIDNIGHT + 10 * HOUR, { heardS: 8 * 3600, elapsedS: 10 * 3600 });
  expect(today.coverage(MIDNIGHT + 10 * HOUR)).toBeCloseTo(0.8);
  today.heard(3600, MIDNIGHT + 11 * HOUR);
  expect(today.coverage(MIDNIGHT + 11 * HOUR)).toBeCloseTo(9 / 11);
});
