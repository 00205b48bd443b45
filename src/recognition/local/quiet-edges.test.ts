import { expect, test } from 'vitest';
import { BLOCK_FRAMES } from './params';
import { quietEdges } from './quiet-edges';

/** Blocks of a recording by their level, dB. */
const blocks = (...levels: readonly number[]) =>
  levels.map((dB) => ({
    frames: Array.from({ length: BLOCK_FRAMES }, () => ({ power: 10 ** (dB / 10), flatness: 0.1 })),
  }));

test('a fade is quiet from 10 dB below the mean on', () => {
  const loud = Array.from({ length: 60 }, () => -20);
  expect(quietEdges(blocks(-90, -31, ...loud, -29, -31, -40, -50))).toEqual({
    start: 2 * BLOCK_FRAMES,
    end: 3 * BLOCK_FRAMES,
  });
});

test('what is quiet in between is no edge, and what never changes has none', () => {
  expect(quietEdges(blocks(-20, -60, -60, -60, -20))).toEqual({ start: 0, end: 0 });
  expect(quietEdges(blocks(-50, -50, -50))).toEqual({ start: 0, end: 0 });
});

test('silence and nothing at all have no quiet edges, and half an hour of quiet is as much as is stored', () => {
  const silence = Array.from({ length: 5 }, () => ({ frames: [{ power: 0, flatness: 1 }] }));
  expect(quietEdges(silence)).toEqual({ start: 0, end: 0 });
  expect(quietEdges([])).toEqual({ start: 0, end: 0 });
  const hours = blocks(-10, ...Array.from({ length: 3000 }, () => -90));
  expect(quietEdges(hours)).toEqual({ start: 0, end: 65_535 });
});
