/**
 * The tables of `assembly/memory.ts`. Made here, so that sines and cosines are V8's, as in the reference of the tests.
 */
import { BINS, FFT_SIZE } from './params';

/** f64[2][BINS]: Hann, of even and odd samples, with the scale of 16 bits and the half of the spectrum's split. */
export function windowTable(): Float64Array {
  const table = new Float64Array(FFT_SIZE);
  for (let i = 0; i < FFT_SIZE; i++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT_SIZE);
    table[(i % 2) * BINS + (i >> 1)] = hann * (0.5 / 32768);
  }
  return table;
}

/** f64[BINS / 8][6][2]: real and imaginary parts of w^p, w^2p and w^3p, those of two successive p side by side. */
export function twiddleTable(): Float64Array {
  const table = new Float64Array(1.5 * BINS);
  for (let p = 0; p < BINS / 4; p++) {
    const angle = (-2 * Math.PI * p) / BINS;
    const w1r = Math.cos(angle);
    const w1i = Math.sin(angle);
    const w2r = w1r * w1r - w1i * w1i;
    const w2i = 2 * w1r * w1i;
    const w3r = w1r * w2r - w1i * w2i;
    const w3i = w1r * w2i + w1i * w2r;
    for (const [row, value] of [w1r, w1i, w2r, w2i, w3r, w3i].entries()) {
      table[(p >> 1) * 12 + row * 2 + (p % 2)] = value;
    }
  }
  return table;
}

/** f64[BINS / 4][4][2]: cosine and sine of bins k and k + 1, then of BINS − k and BINS − k − 1, for k = 1, 3, 5 … */
export function splitTable(): Float64Array {
  const table = new Float64Array(2 * BINS);
  for (let k = 1; k <= BINS / 2; k++) {
    const at = ((k - 1) >> 1) * 8 + ((k - 1) % 2);
    for (const [row, bin] of [k, BINS - k].entries()) {
      const angle = (-2 * Math.PI * bin) / FFT_SIZE;
      table[at + 4 * row] = Math.cos(angle);
      table[at + 4 * row + 2] = Math.sin(angle);
    }
  }
  return table;
}
