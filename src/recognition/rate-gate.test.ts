import { expect, test } from 'vitest';
import { systemClock } from '../clock';
import { RateGate } from './rate-gate';

const SPACING_MS = 50;

/** Keeps this process from running anything else, as a busy machine does. */
function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function callers(gate: RateGate, count: number) {
  const passed: { index: number; at: number }[] = [];
  const all = Array.from({ length: count }, async (_, index) => {
    await gate.pass();
    passed.push({ index, at: systemClock.now() });
  });
  return { passed, all: Promise.all(all) };
}

test('those who waited through a stall of the process pass apart from each other, in their order', async () => {
  const gate = new RateGate(SPACING_MS, systemClock);
  await gate.pass();
  const { passed, all } = callers(gate, 5);
  // All of their timers would be due afterwards.
  await new Promise((resolve) => setTimeout(resolve, 1));
  stall(6 * SPACING_MS);
  const later = callers(gate, 2);
  await all;
  await later.all;
  const times = [...passed, ...later.passed].map(({ at }) => at);
  expect(passed.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  for (const [i, at] of times.slice(1).entries()) {
    expect(at - times[i]!, `${i} and ${i + 1}`).toBeGreaterThanOrEqual(SPACING_MS);
  }
});

test('who gives up goes at once, and lets nobody past those who came before', async () => {
  const gate = new RateGate(SPACING_MS, systemClock);
  const { passed, all } = callers(gate, 3);
  const abort = new AbortController();
  const given = gate.pass(abort.signal);
  const { passed: after, all: last } = callers(gate, 1);
  abort.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  expect(passed.length).toBeLessThan(3);
  await Promise.all([all, last]);
  expect(after[0]!.at - passed[2]!.at).toBeGreaterThanOrEqual(SPACING_MS);
});

test('a pause holds those who wait as well', async () => {
  const gate = new RateGate(SPACING_MS, systemClock);
  const { passed, all } = callers(gate, 2);
  const until = systemClock.now() + 4 * SPACING_MS;
  gate.holdUntil(until);
  await all;
  expect(passed[1]!.at).toBeGreaterThanOrEqual(until);
});
