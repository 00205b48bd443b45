import { type Alignment, graded } from './alignment';
import { bucketStart } from './bucket-table';
import { firstAbove } from './first-above';
import { type LandmarkIndex, peaksNear, trackAt } from './landmark-index';
import { f1Cell, forEachPair, KEY_BITS, QUERY_FAN_OUT, queryKeys } from './pairs';
import { LAST_BIN, PER_FRAME } from './params';
import type { PeakMap, QueryPeaks } from './query';

/** How the air may differ from the recording. */
export interface Hypothesis {
  readonly tempo: number;
  readonly pitch: number;
}

export interface Candidate {
  /** Index into the library's `trackIds`. */
  readonly track: number;
  readonly alignment: Alignment;
  /** Distinct anchors of the query that agree on it. */
  readonly votes: number;
}

/** Offsets are voted for in cells of 2 frames (4 half frames); the best cells and their neighbours are then counted exactly. */
const CELL_BITS = 2;
const CELL = 2 ** CELL_BITS;
/** Of these so many, at most, are looked at more closely. */
const CANDIDATES = 256;
/** Of those, as many go on by their votes, and as many by how their peaks coincide. */
const BY_VOTES = 1;
const BY_GRADE = 4;
/** Fewer agreeing anchors than this is chance. */
const MIN_VOTES = 3;
/** The sketch has as many cells as keep chance low: too few drown a weak match (facts: 2^16 lost 5 of 6). */
const MIN_SKETCH_BITS = 18;
const MAX_SKETCH_BITS = 24;
/**
 * In a large library strangers share a slot of the sketch: one in so many slots is counted exactly, for the best by the sketch
 * need not be the best. At 100,000 tracks these are 4096 cells.
 */
const SLOTS_PER_COUNTED = 2 ** 12;
/** Steps at which a candidate's peaks are compared, frames around its mean offset. */
const PROBES = [-1.5, -0.5, 0.5, 1.5];

/**
 * The vote (Wang 2003): every pair of the query names the positions where the library has it; positions that agree on
 * an offset are counted, first in a hashed sketch, then exactly.
 */
export class Searcher {
  private sketch = new Uint8Array(2 ** 16);
  /** Where the library's time line stands at the query's first landmark, half frames; whole, modulo 2^32. */
  private offsets = new Uint32Array(1 << 16);
  private anchors = new Uint16Array(1 << 16);
  private cellVotes = new Uint16Array(1 << 16);
  private readonly keys = new Int32Array(8);
  /** How many hits lie in cells with so many votes. */
  private readonly tally = new Uint32Array(2 * 255 + 1);
  /** Looks into the index: for which key, whose anchor asks, and where the key's bucket begins and ends. */
  private wanted = new Int32Array(0);
  private lookers = new Uint16Array(0);
  private begins = new Uint32Array(0);
  private ends = new Uint32Array(0);

  constructor(private index: LandmarkIndex) {}

  use(index: LandmarkIndex): void {
    this.index = index;
  }

  /**
   * Candidates for one hypothesis, the likeliest first.
   * @param query landmarks of a stretch of air
   * @param map holds all peaks of the same stretch
   */
  search(query: QueryPeaks, hypothesis: Hypothesis, map: PeakMap): Candidate[] {
    const hits = this.look(query, hypothesis);
    if (hits === 0) return [];
    const origin = query.time[0]!;
    const candidates: Candidate[] = [];
    const span = (query.time[query.count - 1]! - origin) * 0.5 * hypothesis.tempo * PER_FRAME;
    for (const { votes, offset } of this.count(hits, this.bestCells(hits), query.count)) {
      if (votes < MIN_VOTES) continue;
      // The offset is where the recording's time line stands when the query's first peak sounds.
      const track = trackAt(this.index, offset + span);
      if (track < 0) continue;
      const referenceAt = (offset - this.index.trackStarts[track]!) / PER_FRAME;
      candidates.push({ track, alignment: { queryAt: origin, referenceAt, ...hypothesis }, votes });
    }
    candidates.sort((a, b) => b.votes - a.votes);
    return this.shortlist(candidates.slice(0, CANDIDATES), map);
  }

  /** Those with the most votes, and those whose peaks coincide best: each finds what the other misses. */
  private shortlist(candidates: Candidate[], map: PeakMap): Candidate[] {
    if (candidates.length <= BY_VOTES + BY_GRADE) return candidates;
    const rest = candidates.slice(BY_VOTES).map((candidate) => {
      const { alignment } = candidate;
      const words = peaksNear(this.index, candidate.track, map, alignment);
      let grade = 0;
      for (const step of PROBES) {
        const moved = { ...alignment, referenceAt: alignment.referenceAt + step };
        grade = Math.max(grade, graded(words, map, moved));
      }
      return { candidate, grade };
    });
    rest.sort((a, b) => b.grade - a.grade);
    const chosen = rest.slice(0, BY_GRADE).map(({ candidate }) => candidate);
    return [...candidates.slice(0, BY_VOTES), ...chosen];
  }

  /** Fills `offsets` and `anchors`, and the sketch; returns how many hits there were. */
  private look(query: QueryPeaks, { tempo, pitch }: Hypothesis): number {
    const { postings } = this.index;
    const grown = Math.ceil(Math.log2(postings.length / 16 + 1));
    const bits = Math.min(MAX_SKETCH_BITS, Math.max(MIN_SKETCH_BITS, grown));
    if (this.sketch.length !== 2 ** bits) this.sketch = new Uint8Array(2 ** bits);
    else this.sketch.fill(0);
    const { sketch } = this;
    const time = new Float64Array(query.count);
    const frequency = new Float64Array(query.count);
    let count = 0;
    const origin = query.time[0]!;
    for (let i = 0; i < query.count; i++) {
      const f = query.frequency[i]! / pitch;
      if (f > LAST_BIN) continue;
      time[count] = (query.time[i]! - origin) * tempo;
      frequency[count++] = f;
    }
    // In steps over plain arrays: the index is far larger than the processor's cache, and it can wait for many of its
    // lines at once only where nothing depends on the one before.
    const looks = this.keysOf(time, frequency, count);
    const hits = this.collect(
      looks,
      Int32Array.from(time, (at) => Math.round(at * PER_FRAME)),
    );
    const { offsets } = this;
    for (let i = 0; i < hits; i++) {
      const slot = slotOf(offsets[i]! >>> CELL_BITS, bits);
      const votes = sketch[slot]!;
      sketch[slot] = votes + (votes < 255 ? 1 : 0);
    }
    return hits;
  }

  /** Keys that the pairs of the query may have in the library, and their anchors; returns how many. */
  private keysOf(time: Float64Array, frequency: Float64Array, count: number): number {
    const most = count * QUERY_FAN_OUT * this.keys.length;
    if (this.lookers.length < most) {
      this.wanted = new Int32Array(most);
      this.lookers = new Uint16Array(most);
      this.begins = new Uint32Array(most);
      this.ends = new Uint32Array(most);
    }
    const { wanted, lookers, keys } = this;
    const cells = new Float64Array(count);
    for (let i = 0; i < count; i++) cells[i] = f1Cell(frequency[i]!);
    let looks = 0;
    forEachPair(time, frequency, count, QUERY_FAN_OUT, (anchor, target) => {
      const df = frequency[target]! - frequency[anchor]!;
      const n = queryKeys(cells[anchor]!, df, time[target]! - time[anchor]!, keys);
      for (let k = 0; k < n; k++) {
        wanted[looks] = keys[k]!;
        lookers[looks++] = anchor;
      }
    });
    return looks;
  }

  /** Where the library has those keys: `offsets`, with their `anchors`; returns how many. */
  private collect(looks: number, at: Int32Array): number {
    const { wanted, lookers, begins, ends } = this;
    const { buckets, postings, bucketBits, tagBits } = this.index;
    const toBucket = KEY_BITS - bucketBits;
    for (let i = 0; i < looks; i++) {
      const bucket = wanted[i]! >>> toBucket;
      begins[i] = bucketStart(buckets, bucket);
      ends[i] = bucketStart(buckets, bucket + 1);
    }
    let filled = 0;
    let most = 0;
    for (let i = 0; i < looks; i++) {
      const length = ends[i]! - begins[i]!;
      if (length === 0) continue;
      most += length;
      begins[filled] = begins[i]!;
      ends[filled] = ends[i]!;
      wanted[filled] = wanted[i]!;
      lookers[filled++] = lookers[i]!;
    }
    if (most >= this.offsets.length) this.grow(most + 1);
    const { offsets, anchors } = this;
    const toTag = toBucket - tagBits;
    const mask = 2 ** tagBits - 1;
    let hits = 0;
    for (let i = 0; i < filled; i++) {
      const anchor = lookers[i]!;
      const since = at[anchor]!;
      const tag = (wanted[i]! >>> toTag) & mask;
      const end = ends[i]!;
      for (let p = begins[i]!; p < end; p++) {
        const posting = postings[p]!;
        // Written in any case, and kept by moving on: whether the tag is the right one cannot be foretold.
        offsets[hits] = (posting >>> tagBits) - since;
        anchors[hits] = anchor;
        hits += (((posting ^ tag) & mask) - 1) >>> 31;
      }
    }
    return hits;
  }

  private grow(needed: number): void {
    const size = 2 ** Math.ceil(Math.log2(needed));
    this.offsets = new Uint32Array(size);
    this.anchors = new Uint16Array(size);
    this.cellVotes = new Uint16Array(size);
  }

  /** Cells with the most votes, together with the next cell, by the sketch; of two neighbours the better one. */
  private bestCells(hits: number): number[] {
    const { sketch, offsets, cellVotes, tally } = this;
    const bits = Math.log2(sketch.length);
    tally.fill(0);
    for (let i = 0; i < hits; i++) {
      const cell = offsets[i]! >>> CELL_BITS;
      const votes = sketch[slotOf(cell, bits)]! + sketch[slotOf(cell + 1, bits)]!;
      cellVotes[i] = votes;
      tally[votes]!++;
    }
    const wanted = Math.max(CANDIDATES, sketch.length / SLOTS_PER_COUNTED);
    // A cell with n votes is met by about n hits, half of them in its neighbour.
    let least = tally.length - 1;
    for (let cells = 0; least > MIN_VOTES && cells < 2 * wanted; least--) cells += tally[least]! / least;
    const votes = new Map<number, number>();
    for (let i = 0; i < hits; i++) {
      if (cellVotes[i]! >= least) votes.set(offsets[i]! >>> CELL_BITS, cellVotes[i]!);
    }
    const best = [...votes].sort(([, a], [, b]) => b - a);
    const chosen = new Set<number>();
    for (const [cell] of best) {
      if (chosen.size === wanted) break;
      if (!chosen.has(cell - 1) && !chosen.has(cell + 1)) chosen.add(cell);
    }
    return [...chosen];
  }

  /** For each cell: distinct anchors with an offset within it and the next, and the mean offset of those. */
  private count(
    hits: number,
    cells: readonly number[],
    anchors: number,
  ): { votes: number; offset: number }[] {
    const bits = Math.log2(this.sketch.length);
    // Most hits are in no chosen cell: the sketch, no longer needed, tells which slots are.
    this.sketch.fill(0);
    for (const cell of cells) {
      for (let near = cell - 1; near <= cell + 2; near++) this.sketch[slotOf(near, bits)] = 1;
    }
    const words = Math.ceil(anchors / 32);
    const seen = new Uint32Array(cells.length * words);
    const found = cells.map(() => ({ votes: 0, sum: 0, n: 0 }));
    const rising = [...found.keys()].sort((a, b) => cells[a]! - cells[b]!);
    const sorted = Float64Array.from(rising, (c) => cells[c]!);
    for (let i = 0; i < hits; i++) {
      const offset = this.offsets[i]!;
      if (this.sketch[slotOf(offset >>> CELL_BITS, bits)] === 0) continue;
      // Half a cell before a cell to half a cell behind the next one.
      const at = offset / CELL;
      const first = firstAbove(sorted, sorted.length, at - 2.5);
      for (let k = first; k < sorted.length && sorted[k]! <= at + 0.5; k++) {
        const c = rising[k]!;
        const entry = found[c]!;
        const anchor = this.anchors[i]!;
        const word = c * words + (anchor >> 5);
        if ((seen[word]! & (1 << (anchor & 31))) === 0) {
          seen[word]! |= 1 << (anchor & 31);
          entry.votes++;
        }
        entry.sum += offset;
        entry.n++;
      }
    }
    return found.map(({ votes, sum, n }) => ({ votes, offset: n === 0 ? 0 : sum / n }));
  }
}

/** Sixteen neighbours lie together, in one line of the processor's cache; where, is hashed. */
function slotOf(cell: number, bits: number): number {
  return ((Math.imul(cell >>> 4, 0x9e3779b1) >>> (36 - bits)) << 4) | (cell & 15);
}
