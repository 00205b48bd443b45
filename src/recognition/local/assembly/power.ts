/**
 * Power spectrum of the real frame, from the transform of its interleaved halves (Numerical Recipes § 12.3). The window
 * holds the halves of the formulas.
 */
import { A, IMAGINARY, POINTS, POWER, SPLIT } from './memory';

/**
 * Splits the transform in `A`. Bins k and k + 1 are done together with their mirror images, which see the same four
 * values: only the sign of the difference is another, and a power does not see the sign of an imaginary part.
 */
export function split(): void {
  const mean = 2 * (load<f64>(A) + load<f64>(A, IMAGINARY));
  store<f64>(POWER, mean * mean);
  let table = SPLIT;
  for (let k: usize = 1; k < POINTS / 2; k += 2, table += 64) {
    const here = A + 8 * k;
    const mirror = A + 8 * (POINTS - 1 - k);
    const kr = v128.load(here, 0);
    const ki = v128.load(here, IMAGINARY);
    const jr = swap(v128.load(mirror, 0));
    const ji = swap(v128.load(mirror, IMAGINARY));
    const evenRe = f64x2.add(kr, jr);
    const evenIm = f64x2.sub(ki, ji);
    const oddRe = f64x2.add(ki, ji);
    const oddIm = f64x2.sub(jr, kr);
    const c = v128.load(table, 0);
    const s = v128.load(table, 16);
    v128.store(
      POWER + 8 * k,
      square(
        f64x2.sub(f64x2.add(evenRe, f64x2.mul(c, oddRe)), f64x2.mul(s, oddIm)),
        f64x2.add(f64x2.add(evenIm, f64x2.mul(c, oddIm)), f64x2.mul(s, oddRe)),
      ),
    );
    const mc = v128.load(table, 32);
    const ms = v128.load(table, 48);
    v128.store(
      POWER + 8 * (POINTS - 1 - k),
      swap(
        square(
          f64x2.add(f64x2.add(evenRe, f64x2.mul(mc, oddRe)), f64x2.mul(ms, oddIm)),
          f64x2.sub(f64x2.add(evenIm, f64x2.mul(mc, oddIm)), f64x2.mul(ms, oddRe)),
        ),
      ),
    );
  }
}

function swap(x: v128): v128 {
  return f64x2.shuffle(x, x, 1, 0);
}

function square(re: v128, im: v128): v128 {
  return f64x2.add(f64x2.mul(re, re), f64x2.mul(im, im));
}
