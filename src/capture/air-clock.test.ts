import { expect, test } from 'vitest';
import { SAMPLE_RATE } from '../audio';
import { AirClock } from './air-clock';

const T0 = 1_800_000_000_000;

test('the burst on connect was aired before we came', () => {
  const clock = new AirClock();
  // 3.75 s at once, then real time in pieces that come up to 400 ms late.
  let zero = clock.arrived(3.75 * SAMPLE_RATE, T0 + 100);
  for (let s = 1; s <= 60; s++) {
    const late = (s * 137) % 400;
    zero = clock.arrived((3.75 + s) * SAMPLE_RATE, T0 + 100 + s * 1000 + late);
  }
  expect(zero).toBe(T0 + 100 - 3750);
});

test('a late first piece is corrected by the first one that comes in time', () => {
  const clock = new AirClock();
  expect(clock.arrived(SAMPLE_RATE, T0 + 9000)).toBe(T0 + 8000);
  expect(clock.arrived(2 * SAMPLE_RATE, T0 + 9100)).toBe(T0 + 7100);
  expect(clock.arrived(3 * SAMPLE_RATE, T0 + 12_000)).toBe(T0 + 7100);
});

test('a station whose clock drifts is followed: a day at 50 ppm is not four seconds off', () => {
  for (const ppm of [50, -50]) {
    const clock = new AirClock();
    let zero = 0;
    const day = 86_400;
    for (let s = 1; s <= day; s++) zero = clock.arrived(s * SAMPLE_RATE, T0 + s * 1000 * (1 + ppm / 1e6));
    const airedAt = zero + day * 1000;
    expect(Math.abs(airedAt - (T0 + day * 1000 * (1 + ppm / 1e6)))).toBeLessThan(40);
  }
});
