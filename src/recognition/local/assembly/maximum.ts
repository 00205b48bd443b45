/** The running maximum of the power over neighbouring bins, and the bins that equal it. */
import { CANDIDATES, MAXIMUM, POWER, WINDOWS } from './memory';

/**
 * Maximum over ±`reach` bins (8 … 23) of the bins `first` to `last`, an even number of them, into `MAXIMUM`; those that are
 * their own maximum and at least `floor` are listed in `CANDIDATES`. Returns how many there are.
 *
 * Maxima of 4 bins make those of 16, and three of these cover the whole: no branch depends on the audio. Powers are
 * neither NaN nor −0, so the plain comparison of `pmax` is a maximum.
 */
export function maximum(first: i32, last: i32, reach: i32, floor: f64): i32 {
  const from = first - reach;
  windowsOf4(POWER + 8 * from, WINDOWS + 8 * from, WINDOWS + 8 * (last + reach));
  windowsOf16(WINDOWS + 8 * from, WINDOWS + 8 * (last + reach));
  const rest = 2 * reach + 1 - 16;
  const second = 8 * min(rest, 16);
  const third = 8 * rest;
  const least = f64x2.splat(floor);
  let next = CANDIDATES;
  for (let bin = first; bin <= last; bin += 2) {
    const window = WINDOWS + 8 * (bin - reach);
    const top = f64x2.pmax(
      f64x2.pmax(v128.load(window), v128.load(window + second)),
      v128.load(window + third),
    );
    v128.store(MAXIMUM + 8 * bin, top);
    const here = v128.load(POWER + 8 * bin);
    const is = i64x2.bitmask(v128.and(f64x2.eq(here, top), f64x2.ge(here, least)));
    // Written in any case, and kept by moving on.
    store<u16>(next, bin);
    next += 2 * (is & 1);
    store<u16>(next, bin + 1);
    next += is & 2;
  }
  return <i32>((next - CANDIDATES) >> 1);
}

/** Of each bin from `from` on, the maximum of it and the next three. */
function windowsOf4(from: usize, to: usize, end: usize): void {
  let pair = f64x2.pmax(v128.load(from), v128.load(from, 8));
  for (; to <= end; from += 16, to += 16) {
    const next = f64x2.pmax(v128.load(from, 16), v128.load(from, 24));
    v128.store(to, f64x2.pmax(pair, next));
    pair = next;
  }
}

/** In place: a window of 16 reads only windows of 4 at and behind its own. */
function windowsOf16(at: usize, end: usize): void {
  for (; at <= end; at += 16) {
    v128.store(
      at,
      f64x2.pmax(
        f64x2.pmax(v128.load(at), v128.load(at, 32)),
        f64x2.pmax(v128.load(at, 64), v128.load(at, 96)),
      ),
    );
  }
}
