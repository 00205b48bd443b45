import { expect, test } from 'vitest';
import { seeded } from '../../test/support/heard-programme';
import { PcmRing } from './pcm-ring';

const counting = (first: number, length: number) =>
  Int16Array.from({ length }, (_, i) => (first + i) % 30_000);

test('gives back what was put in, and keeps no more than its length', () => {
  const random = seeded(3);
  const ring = new PcmRing(1);
  let at = 0;
  for (let i = 0; i < 300; i++) {
    const length = Math.floor(random() * 900);
    ring.push(at, counting(at, length));
    at += length;
    expect(ring.end).toBe(at);
    expect(at - ring.start).toBeLessThan(8_000 + 900);
    const from = Math.floor(random() * at);
    const to = from + Math.floor(random() * 5_000);
    const { first, samples } = ring.slice(from, to);
    expect(first).toBe(Math.max(from, ring.start));
    expect(samples).toEqual(counting(first, Math.max(0, Math.min(to, at) - first)));
  }
  expect(ring.slice(0, at).samples.length).toBeGreaterThanOrEqual(8_000);
});

test('never joins what is not continuous', () => {
  const ring = new PcmRing(10);
  ring.push(0, counting(0, 100));
  ring.push(200, counting(200, 100));
  expect(ring.slice(0, 300)).toEqual({ first: 200, samples: counting(200, 100) });
});
