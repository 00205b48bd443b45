import { expect, test } from 'vitest';
import { clockAtRate } from './clock';

test('a faster clock shortens waits and stretches timestamps alike', async () => {
  const clock = clockAtRate(50);
  const before = clock.now();
  const wall = Date.now();
  await clock.sleep(2_000);
  expect(Date.now() - wall).toBeLessThan(1_000);
  expect(clock.now() - before).toBeGreaterThanOrEqual(1_900);
});

test('an aborted sleep rejects with the reason and leaves no timer', async () => {
  const clock = clockAtRate(1);
  const stop = new AbortController();
  const sleeping = clock.sleep(60_000, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(sleeping).rejects.toThrow('stopped');
});

test('a rate that is not positive is refused', () => {
  expect(() => clockAtRate(0)).toThrow(RangeError);
});

test('clocks with the same rate and anchor show the same time, whenever they were made', async () => {
  const anchor = Date.now() - 1_000;
  const first = clockAtRate(20, anchor);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const second = clockAtRate(20, anchor);
  const [before, now, after] = [first.now(), second.now(), first.now()];
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(after);
  expect(first.now() - anchor).toBeGreaterThanOrEqual(20_000);
});
