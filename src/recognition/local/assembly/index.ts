/**
 * The numeric inner part of the front end, in AssemblyScript for WebAssembly with SIMD: `npm run build:wasm` compiles it.
 * Every value comes from the same IEEE operations in the same order as in the JavaScript of its test's reference: no fused
 * or relaxed ones, and only powers of 2, which are exact, moved from one factor to another.
 */
import { bands, energy } from './level';
import { maximum } from './maximum';
import { split } from './power';
import { transform } from './transform';

export { CANDIDATES, LEVEL, MAXIMUM, POWER, SAMPLES, SPLIT, TWIDDLES, WINDOW } from './memory';

/**
 * Analyses the frame in `SAMPLES`: power spectrum, its running maximum over ±`reach` bins in the band `first` … `last`,
 * what its levels are made of. Returns the number of candidates for peaks of at least `floor`.
 */
export function analyse(first: i32, last: i32, reach: i32, floor: f64, hop: i32): i32 {
  transform();
  split();
  energy(hop);
  bands(first, last);
  return maximum(first, last, reach, floor);
}
