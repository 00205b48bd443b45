import { expect, test } from 'vitest';
import { PowerSpectrum } from './fft';

/** The definition, O(n²). */
function slowPower(samples: Int16Array, bin: number): number {
  const n = samples.length;
  let re = 0;
  let im = 0;
  for (let i = 0; i < n; i++) {
    const x = (samples[i]! / 32768) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
    re += x * Math.cos((2 * Math.PI * i * bin) / n);
    im -= x * Math.sin((2 * Math.PI * i * bin) / n);
  }
  return re * re + im * im;
}

test('equals the definition on random audio, at every bin looked at', () => {
  let seed = 7;
  const samples = Int16Array.from({ length: 2048 }, () => {
    seed = (seed * 1103515245 + 12345) >>> 0;
    return (seed >>> 16) - 32768;
  });
  const spectrum = new PowerSpectrum(2048);
  // Twice: the second transform starts with swapped buffers.
  spectrum.compute(samples, 0);
  spectrum.compute(samples, 0);
  for (const bin of [0, 1, 2, 51, 333, 512, 973, 1023]) {
    expect(Math.abs(spectrum.power[bin]! / slowPower(samples, bin) - 1)).toBeLessThan(1e-9);
  }
});

test('refuses a size that it cannot transform', () => {
  expect(() => new PowerSpectrum(1024)).toThrow(RangeError);
});
