import { expect, test } from 'vitest';
import { bestOffset } from '../../../test/support/simulated-audio';
import { AIR_RATE } from '../air';
import { synthesiseMusic } from './music';
import { synthesiseSpeech } from './speech';

const level = (samples: Int16Array) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

test('the same name gives the same music, sample by sample', () => {
  const first = synthesiseMusic('1/t001', 12);
  expect(first.length).toBe(12 * AIR_RATE);
  expect(synthesiseMusic('1/t001', 12)).toEqual(first);
  expect(synthesiseMusic('2/t001', 12)).not.toEqual(first);
});

test('music is loud enough, not clipped, and heard from its first second', () => {
  for (const name of ['1/t001', '1/t002', '1/t003', '1/t004']) {
    const samples = synthesiseMusic(name, 20);
    expect(level(samples)).toBeGreaterThan(3_000);
    expect(samples.reduce((count, x) => count + (Math.abs(x) > 31_900 ? 1 : 0), 0)).toBe(0);
    expect(level(samples.subarray(0, AIR_RATE))).toBeGreaterThan(300);
  }
});

test('no second of a piece comes back in it or in another piece', () => {
  const pieces = ['1/t001', '1/t002', '1/t003'].map((name) => synthesiseMusic(name, 30));
  // Every third sample: 8 kHz is plenty to tell a repetition.
  const thin = pieces.map((samples) => samples.filter((_, i) => i % 3 === 0));
  const excerpt = thin[0]!.subarray(10 * 8_000, 10 * 8_000 + 8_000);
  expect(bestOffset(excerpt, thin[0]!, 80_000 - 5, 80_000 + 5)).toEqual({
    offset: 80_000,
    correlation: expect.closeTo(1, 6),
  });
  expect(bestOffset(excerpt, thin[0]!, 90_000, 130_000).correlation).toBeLessThan(0.7);
  expect(bestOffset(excerpt, thin[1]!, 0, 30_000).correlation).toBeLessThan(0.7);
});

test('speech is deterministic and made of words and pauses', () => {
  const speech = synthesiseSpeech('speech/1/a', 10);
  expect(synthesiseSpeech('speech/1/a', 10)).toEqual(speech);
  const windows = Array.from({ length: 100 }, (_, i) => level(speech.subarray(i * 2_400, (i + 1) * 2_400)));
  const middle = [...windows].sort((a, b) => a - b)[50]!;
  expect(middle).toBeGreaterThan(1_000);
  expect(windows.filter((value) => value < middle / 10).length).toBeGreaterThan(2);
});
