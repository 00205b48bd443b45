/** What the loudness and the flatness of a frame are made of. Logarithms are left to JavaScript. */
import { LEVEL, POINTS, POWER, SAMPLES } from './memory';

/** Into `LEVEL`: the sum of the squares of the last `hop` samples (a multiple of 8), exact. */
export function energy(hop: i32): void {
  const end = SAMPLES + 4 * POINTS;
  let sum = i64x2.splat(0);
  for (let at = end - 2 * hop; at < end; at += 16) {
    const x = v128.load(at);
    // Two squares of −32768 make 2^31: without a sign they fit.
    const squares = i32x4.dot_i16x8_s(x, x);
    sum = i64x2.add(sum, i64x2.extend_low_i32x4_u(squares));
    sum = i64x2.add(sum, i64x2.extend_high_i32x4_u(squares));
  }
  store<f64>(LEVEL, <f64>(i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1)));
}

/**
 * Into `LEVEL` behind the energy: the sum of the powers of bands of four bins from `first` to `last`, then the products
 * of eight of them each. One logarithm serves eight bands so: their product, 1e-96 at least, is far from where numbers end.
 */
export function bands(first: i32, last: i32): void {
  let sum: f64 = 0;
  let product: f64 = 1;
  let n = 0;
  let out = LEVEL + 16;
  for (let bin = first; bin <= last; bin += 4) {
    const at = POWER + 8 * bin;
    const band = load<f64>(at) + load<f64>(at, 8) + load<f64>(at, 16) + load<f64>(at, 24) + 1e-12;
    sum += band;
    product *= band;
    n++;
    if ((n & 7) === 0) {
      store<f64>(out, product);
      out += 8;
      product = 1;
    }
  }
  store<f64>(out, product);
  store<f64>(LEVEL, sum, 8);
}
