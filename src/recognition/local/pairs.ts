/**
 * Pairs of landmarks as keys (Wang 2003): an anchor and a later landmark give (frequency, difference of frequency,
 * difference of time). A reference pairs each anchor with its one nearest landmark; a query, six or twelve times as dense,
 * with its ten nearest, so that the reference's choice is very likely among them. Only the strongest peaks are landmarks:
 * they lie far enough apart for their differences to tell songs from each other, and outlast what is said over them.
 */

/** The target zone: 3…62 frames (0.1–2 s) later, at most 254 bins (1 kHz) away: a neighbour's cell has a key as well. */
const MIN_DT = 3;
const MAX_DT = 62;
const MAX_DF = 254;

export const REFERENCE_FAN_OUT = 1;
export const QUERY_FAN_OUT = 10;

/**
 * Cell of the anchor's frequency: a bin wide up to bin 100 (400 Hz), and 1 % of the frequency above, as a changed speed moves
 * high peaks further. The differences have cells of one bin and one frame.
 */
export function f1Cell(bin: number): number {
  return bin < 100 ? bin : 100 + 100 * Math.log(bin / 100);
}

/** Closer than this to a cell's edge (in cells) and the neighbouring cell is looked up as well. */
const EDGE = 0.2;

/** f1 < 512, df + 256 < 512, dt < 64. */
export const KEY_BITS = 24;

/**
 * Key of a pair from its cells, spread over its 24 bits: multiplied by an odd number (Knuth), modulo 2^24, every key becomes
 * another one, and those that music makes often no longer lie together.
 */
function keyOf(f1: number, df: number, dt: number): number {
  return Math.imul((((f1 << 9) | (df + 256)) << 6) | dt, 0x9e3779) & 0xffffff;
}

/**
 * Calls `found(anchor, target)` for the `fanOut` nearest targets of each anchor.
 * @param time frames, rising
 * @param frequency bins
 */
export function forEachPair(
  time: Float64Array,
  frequency: Float64Array,
  count: number,
  fanOut: number,
  found: (anchor: number, target: number) => void,
): void {
  const targets = new Int32Array(fanOut);
  const distances = new Float64Array(fanOut);
  for (let anchor = 0; anchor < count; anchor++) {
    let held = 0;
    const t = time[anchor]!;
    const f = frequency[anchor]!;
    for (let target = anchor + 1; target < count; target++) {
      const dt = time[target]! - t;
      if (dt < MIN_DT) continue;
      if (dt > MAX_DT || (held === fanOut && dt >= distances[fanOut - 1]!)) break;
      const df = Math.abs(frequency[target]! - f);
      if (df > MAX_DF) continue;
      // A frame weighs as much as eight bins: near in time counts more than near in frequency.
      const distance = dt + df / 8;
      if (held === fanOut && distance >= distances[fanOut - 1]!) continue;
      let at = held < fanOut ? held++ : fanOut - 1;
      while (at > 0 && distances[at - 1]! > distance) {
        distances[at] = distances[at - 1]!;
        targets[at] = targets[at - 1]!;
        at--;
      }
      distances[at] = distance;
      targets[at] = target;
    }
    for (let i = 0; i < held; i++) found(anchor, targets[i]!);
  }
}

/** The one key under which a reference's pair is stored. */
export function referenceKey(f1: number, df: number, dt: number): number {
  return keyOf(Math.floor(f1Cell(f1)), Math.floor(df), Math.floor(dt));
}

/**
 * Keys under which a query's pair is looked up, into `out`: its own cell, and the neighbours' whose edge is near.
 * @param a the anchor's `f1Cell`, the same for all of its pairs
 * @returns how many (1–8)
 */
export function queryKeys(a: number, df: number, dt: number, out: Int32Array): number {
  const a0 = Math.floor(a);
  const b0 = Math.floor(df);
  const c0 = Math.floor(dt);
  const a1 = neighbour(a - a0);
  const b1 = neighbour(df - b0);
  const c1 = neighbour(dt - c0);
  let n = 0;
  for (let i = 0; i <= (a1 === 0 ? 0 : 1); i++) {
    for (let j = 0; j <= (b1 === 0 ? 0 : 1); j++) {
      for (let k = 0; k <= (c1 === 0 ? 0 : 1); k++) out[n++] = keyOf(a0 + i * a1, b0 + j * b1, c0 + k * c1);
    }
  }
  return n;
}

function neighbour(fraction: number): -1 | 0 | 1 {
  return fraction < EDGE ? -1 : fraction > 1 - EDGE ? 1 : 0;
}
