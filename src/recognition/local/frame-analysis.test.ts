import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { PowerSpectrum } from '../../../test/support/power-spectrum';
import { FrameAnalysis } from './frame-analysis';
import { FFT_SIZE, FIRST_BIN, LAST_BIN } from './params';

const next = random(7);
const noise = Int16Array.from({ length: FFT_SIZE }, () => Math.floor(65_536 * next()) - 32_768);

/** The definition of the Hann-windowed spectrum, O(n²). */
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

test('the spectrum equals its definition', () => {
  const analysis = new FrameAnalysis();
  analysis.analyse(noise, 8);
  for (const bin of [0, 1, 2, 51, 333, 512, 973, 1023]) {
    expect(Math.abs(analysis.power[bin]! / slowPower(noise, bin) - 1)).toBeLessThan(1e-9);
  }
});

test('the spectrum equals that of plain JavaScript bit for bit, frame after frame', () => {
  const analysis = new FrameAnalysis();
  const reference = new PowerSpectrum(FFT_SIZE);
  for (const samples of [noise, new Int16Array(FFT_SIZE).fill(-32768), noise.map((x) => x >> 13)]) {
    analysis.analyse(samples, 8);
    reference.compute(samples, 0);
    expect(analysis.power).toEqual(reference.power);
  }
});

test.each([8, 13, 20])('the maximum over ±%i bins, and the bins that equal it', (reach) => {
  const analysis = new FrameAnalysis();
  const count = analysis.analyse(noise, reach);
  const { power, maximum } = analysis;
  const bins = Array.from({ length: LAST_BIN - FIRST_BIN + 1 }, (_, i) => FIRST_BIN + i);
  const expected = bins.map((bin) => Math.max(...power.subarray(bin - reach, bin + reach + 1)));
  expect([...maximum.subarray(FIRST_BIN, LAST_BIN + 1)]).toEqual(expected);
  const highest = bins.filter((bin, i) => power[bin] === expected[i]);
  expect([...analysis.candidates.subarray(0, count)]).toEqual(highest);
  expect(count).toBeGreaterThan(10);
});

test.each([7, 21, Number.NaN])('refuses a maximum over ±%d bins, which it cannot take', (reach) => {
  expect(() => new FrameAnalysis().analyse(noise, reach)).toThrow(RangeError);
});

test('a full-scale square wave has the level 1', () => {
  const analysis = new FrameAnalysis();
  analysis.analyse(new Int16Array(FFT_SIZE).fill(-32768), 8);
  expect(analysis.level().power).toBe(1);
});
