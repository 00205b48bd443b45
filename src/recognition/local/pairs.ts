/**
 * Pairs of peaks as keys (Wang 2003): an anchor and a later peak give (frequency, difference of frequency, difference of
 * time). A reference pairs each anchor with its one nearest peak; a query, seven times as dense, with its ten nearest,
 * so that the reference's choice is very likely among them.
 */

/** The target zone: 3…48 frames (0.1–1.5 s) later, at most 120 bins (470 Hz) away. */
const MIN_DT = 3;
const MAX_DT = 48;
const MAX_DF = 120;

export const REFERENCE_FAN_OUT = 1;
export const QUERY_FAN_OUT = 10;

/** Width of a cell of the anchor's frequency, in bins; the differences have cells of one bin and one frame. */
const F1_WIDTH = 2;
/** Closer than this to a cell's edge (in cells) and the neighbouring cell is looked up as well. */
const F1_EDGE = 0.2;
const DF_EDGE = 0.3;
const DT_EDGE = 0.3;

const KEY_BITS = 23;

/** Key of a pair from its cells: f1 < 512, df + 128 < 256, dt < 64. */
function keyOf(f1: number, df: number, dt: number): number {
  return (((f1 << 8) | (df + 128)) << 6) | dt;
}

/** The bucket of a key among 2^bits; a multiplicative hash (Knuth) spreads keys that music makes often. */
export function bucketOf(key: number, bits: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - bits);
}

/** Most buckets that make sense: one per key. */
export const MAX_BUCKET_BITS = KEY_BITS;

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
  return keyOf(Math.floor(f1 / F1_WIDTH), Math.floor(df), Math.floor(dt));
}

/**
 * Keys under which a query's pair is looked up, into `out`: its own cell, and the neighbours' whose edge is near.
 * @returns how many (1–8)
 */
export function queryKeys(f1: number, df: number, dt: number, out: Int32Array): number {
  const a = f1 / F1_WIDTH;
  const [a0, b0, c0] = [Math.floor(a), Math.floor(df), Math.floor(dt)];
  const a1 = neighbour(a - a0, F1_EDGE);
  const b1 = neighbour(df - b0, DF_EDGE);
  const c1 = neighbour(dt - c0, DT_EDGE);
  let n = 0;
  for (let i = 0; i <= (a1 === 0 ? 0 : 1); i++) {
    for (let j = 0; j <= (b1 === 0 ? 0 : 1); j++) {
      for (let k = 0; k <= (c1 === 0 ? 0 : 1); k++) out[n++] = keyOf(a0 + i * a1, b0 + j * b1, c0 + k * c1);
    }
  }
  return n;
}

function neighbour(fraction: number, edge: number): -1 | 0 | 1 {
  return fraction < edge ? -1 : fraction > 1 - edge ? 1 : 0;
}
