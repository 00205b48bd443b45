/** Lags that are tried, samples at 8 kHz: what an alignment may be off by. */
const LAGS = 1200;
/** A peak this many times as high as the correlation scatters at the other lags is no chance. */
const PROOF = 8;

/** A place in each of two recordings, seconds. */
export interface Place {
  readonly a: number;
  readonly b: number;
}

/** Do they at any of these places, in a stretch of any of these lengths (seconds)? */
export function sharesSomewhere(
  a: Int16Array,
  b: Int16Array,
  places: readonly Place[],
  lengthsS: readonly number[],
): boolean {
  return places.some((atS) => lengthsS.some((seconds) => sharesAudio(a, b, atS, seconds)));
}

/**
 * Do two recordings contain the same sound, sample for sample, at these places? Composers use a loop, a sample or a stem
 * in several pieces; what sounds in both is no invention of the recogniser. Independent of it: the correlation of the two
 * waveforms, whitened, over lags of ±150 ms.
 * @param atS middle of the stretch in each, seconds
 */
export function sharesAudio(a: Int16Array, b: Int16Array, atS: Place, seconds: number): boolean {
  const length = Math.round(Math.min(8, Math.max(2, seconds)) * 8000);
  const white = (samples: Int16Array, from: number, n: number) =>
    Float64Array.from(
      { length: n },
      (_, i) => (samples[from + i] ?? 0) - 0.95 * (samples[from + i - 1] ?? 0),
    );
  const x = white(a, Math.round(atS.a * 8000 - length / 2), length);
  const y = white(b, Math.round(atS.b * 8000 - length / 2) - LAGS, length + 2 * LAGS);
  const products: number[] = [];
  for (let lag = 0; lag <= 2 * LAGS; lag++) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += x[i]! * y[i + lag]!;
    products.push(Math.abs(sum));
  }
  const top = Math.max(...products);
  const at = products.indexOf(top);
  const rest = products.filter((_, lag) => Math.abs(lag - at) > 80);
  const scatter = Math.sqrt(rest.reduce((sum, p) => sum + p * p, 0) / Math.max(1, rest.length));
  return top > PROOF * scatter;
}
