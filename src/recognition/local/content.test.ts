import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { contentOf } from './content';
import type { FrameLevel } from './front-end';

const next = random(81);
const DB = Math.log(10) / 10;

/** 2.5 s of frames at a level in dB, each a step of about so many nats from the one before, tonal or noisy. */
function frames(level: number, step: number, flatness: number): FrameLevel[] {
  return Array.from({ length: 78 }, (_, i) => ({
    power: Math.exp(level * DB + (i % 2 === 0 ? step / 2 : -step / 2) * (0.9 + 0.2 * next())),
    flatness,
  }));
}

test('silence is what lies below −60 dB, whatever it is made of', () => {
  expect(contentOf(frames(-63, 0.3, 0.3))).toBe('silence');
  expect(contentOf(frames(-57, 0.3, 0.3))).toBe('music');
  expect(contentOf(frames(-63, 0.3, 0.95))).toBe('silence');
  expect(contentOf(frames(-57, 0.3, 0.95))).toBe('noise');
});

test('nothing heard is silence', () => {
  expect(contentOf([])).toBe('silence');
  expect(contentOf(Array.from({ length: 78 }, () => ({ power: 0, flatness: 0 })))).toBe('silence');
});

test('noise is flat, however its level moves', () => {
  for (const step of [0, 0.5, 2]) expect(contentOf(frames(-20, step, 0.9))).toBe('noise');
  expect(contentOf(frames(-20, 0.5, 0.5))).toBe('music');
});

test('noise is told by what is loud: pauses between notes are no noise, and pauses in noise no music', () => {
  const pauses = (flatness: number) => frames(-75, 0.1, flatness).slice(0, 20);
  expect(contentOf([...frames(-20, 0.5, 0.3), ...pauses(0.99), ...pauses(0.99), ...pauses(0.99)])).toBe(
    'music',
  );
  expect(contentOf([...frames(-20, 0.5, 0.9), ...pauses(0.1), ...pauses(0.1), ...pauses(0.1)])).toBe('noise');
});

test('speech moves more from frame to frame than music, at any level', () => {
  for (const level of [-40, -20, -6]) {
    expect(contentOf(frames(level, 1.1, 0.3))).toBe('music');
    expect(contentOf(frames(level, 1.6, 0.3))).toBe('speech');
  }
});
