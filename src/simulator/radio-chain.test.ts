import { expect, test } from 'vitest';
import { AIR_RATE } from './air';
import { RadioChain } from './radio-chain';

const tone = (level: number) =>
  Float32Array.from({ length: 2 * AIR_RATE }, (_, i) => level * Math.sin((2 * Math.PI * 440 * i) / AIR_RATE));
const peak = (samples: Float32Array) => samples.reduce((max, x) => Math.max(max, Math.abs(x)), 0);

test('quiet becomes nearly as loud as loud, and nothing leaves the scale', () => {
  const [quiet, loud] = [tone(0.1), tone(0.8)];
  new RadioChain().process(quiet);
  new RadioChain().process(loud);
  const settled = (samples: Float32Array) => peak(samples.subarray(AIR_RATE));
  expect(settled(loud) / settled(quiet)).toBeLessThan(3);
  expect(settled(loud)).toBeGreaterThan(settled(quiet));
  expect(peak(loud)).toBeLessThan(1);
});

test('frame by frame it does what it does at once', () => {
  const whole = tone(0.5);
  const pieces = Float32Array.from(whole);
  new RadioChain().process(whole);
  const chain = new RadioChain();
  for (let at = 0; at < pieces.length; at += 576) chain.process(pieces.subarray(at, at + 576));
  expect(pieces).toEqual(whole);
});
