import { expect, test } from 'vitest';
import type { Clock } from '../clock';
import { RateGate } from './rate-gate';

const SPACING_MS = 50;

/**
 * Time that only passes when it is told to. As in a process that did not get to run for a while, what became due
 * meanwhile is due at once, at the new time.
 */
class HandMovedClock implements Clock {
  private time = 0;
  private timers: { due: number; fn: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { due: this.time + ms, fn };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets `ms` pass at once, and whoever is due go as far as they can. */
  async pass(ms: number): Promise<void> {
    this.time += ms;
    const due = this.timers.filter((timer) => timer.due <= this.time);
    this.timers = this.timers.filter((timer) => timer.due > this.time);
    for (const { fn } of due) fn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function callers(gate: RateGate, clock: Clock, count: number) {
  const passed: { index: number; at: number }[] = [];
  const all = Array.from({ length: count }, async (_, index) => {
    await gate.pass();
    passed.push({ index, at: clock.now() });
  });
  return { passed, all: Promise.all(all) };
}

test('those who waited through a stall of the process pass apart from each other, in their order', async () => {
  const clock = new HandMovedClock();
  const gate = new RateGate(SPACING_MS, clock);
  await gate.pass();
  const { passed, all } = callers(gate, clock, 5);
  await clock.pass(1);
  expect(passed).toEqual([]);
  // All of their turns are over.
  await clock.pass(6 * SPACING_MS);
  const later = callers(gate, clock, 2);
  while (later.passed.length < 2) await clock.pass(1);
  await Promise.all([all, later.all]);
  const first = 1 + 6 * SPACING_MS;
  expect(passed).toEqual([0, 1, 2, 3, 4].map((index) => ({ index, at: first + index * SPACING_MS })));
  expect(later.passed).toEqual([5, 6].map((turn, index) => ({ index, at: first + turn * SPACING_MS })));
});

test('a timer that fires too early lets nobody through', async () => {
  const clock = new HandMovedClock();
  const early: Clock = {
    now: () => clock.now(),
    after: (ms, fn) => clock.after(ms, fn),
    sleep: (ms) => clock.sleep(Math.max(1, ms - 2)),
  };
  const gate = new RateGate(SPACING_MS, early);
  await gate.pass();
  const { passed, all } = callers(gate, early, 1);
  while (passed.length < 1) await clock.pass(1);
  await all;
  expect(passed[0]!.at).toBe(SPACING_MS);
});

test('who gives up goes at once, and lets nobody past those who came before', async () => {
  const clock = new HandMovedClock();
  const gate = new RateGate(SPACING_MS, clock);
  const { passed, all } = callers(gate, clock, 3);
  const abort = new AbortController();
  const given = gate.pass(abort.signal);
  const { passed: after, all: last } = callers(gate, clock, 1);
  abort.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  expect(passed.length).toBeLessThan(3);
  while (after.length < 1) await clock.pass(1);
  await Promise.all([all, last]);
  expect(passed.map(({ at }) => at)).toEqual([0, SPACING_MS, 2 * SPACING_MS]);
  expect(after[0]!.at).toBe(3 * SPACING_MS);
});

test('a pause holds those who wait as well', async () => {
  const clock = new HandMovedClock();
  const gate = new RateGate(SPACING_MS, clock);
  await gate.pass();
  const { passed, all } = callers(gate, clock, 2);
  await clock.pass(1);
  gate.holdUntil(4 * SPACING_MS);
  while (passed.length < 2) await clock.pass(1);
  await all;
  expect(passed.map(({ at }) => at)).toEqual([4 * SPACING_MS, 5 * SPACING_MS]);
});
