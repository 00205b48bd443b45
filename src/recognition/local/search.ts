import { type Alignment, graded } from './alignment';
import { type LandmarkIndex, peaksOf, trackAt } from './landmark-index';
import { bucketOf, forEachPair, QUERY_FAN_OUT, queryKeys } from './pairs';
import { LAST_BIN, QUANTUM } from './params';
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

/** Offsets are voted for in cells of 2 frames (8 quarter frames); the best cells and their neighbours are then counted exactly. */
const CELL_BITS = 3;
const CELL = 2 ** CELL_BITS;
const CANDIDATES = 64;
/** Of those, as many go on by their votes, and as many by how their peaks coincide. */
const BY_VOTES = 2;
const BY_GRADE = 4;
/** Fewer agreeing anchors than this is chance. */
const MIN_VOTES = 3;
/** The sketch has as many cells as keep chance low: too few drown a weak match (facts: 2^16 lost 5 of 6). */
const MIN_SKETCH_BITS = 18;
const MAX_SKETCH_BITS = 22;
/** Steps at which a candidate's peaks are compared, frames around its mean offset. */
const PROBES = [-1.5, -0.5, 0.5, 1.5];
/** A bucket that is longer than this is a cliché (hum, a pilot tone): looking at it costs more than it tells. */
const MAX_BUCKET = 4096;

/**
 * The vote (Wang 2003): every pair of the query names the positions where the library has it; positions that agree on
 * an offset are counted, first in a hashed sketch, then exactly.
 */
export class Searcher {
  private sketch = new Uint8Array(2 ** 16);
  /** Where the library's time line stands at the query's first peak, quarter frames; whole, modulo 2^32. */
  private offsets = new Uint32Array(1 << 16);
  private anchors = new Uint16Array(1 << 16);
  private readonly keys = new Int32Array(8);
  /** Looks into the index: the bucket, whose anchor asks, and where the bucket begins and ends. */
  private buckets = new Int32Array(0);
  private lookers = new Uint16Array(0);
  private begins = new Uint32Array(0);
  private ends = new Uint32Array(0);

  constructor(private index: LandmarkIndex) {}

  use(index: LandmarkIndex): void {
    this.index = index;
  }

  /**
   * Candidates for one hypothesis, the likeliest first.
   * @param map holds the same stretch of air as `query`
   */
  search(query: QueryPeaks, hypothesis: Hypothesis, map: PeakMap): Candidate[] {
    const hits = this.look(query, hypothesis);
    if (hits === 0) return [];
    const origin = query.time[0]!;
    const candidates: Candidate[] = [];
    const span = (query.time[query.count - 1]! - origin) * 0.5 * hypothesis.tempo * QUANTUM;
    for (const { votes, offset } of this.count(hits, this.bestCells(hits), query.count)) {
      if (votes < MIN_VOTES) continue;
      // The offset is where the recording's time line stands when the query's first peak sounds.
      const track = trackAt(this.index, offset + span);
      if (track < 0) continue;
      const referenceAt = (offset - this.index.trackStarts[track]!) / QUANTUM;
      candidates.push({ track, alignment: { queryAt: origin, referenceAt, ...hypothesis }, votes });
    }
    return this.shortlist(
      candidates.sort((a, b) => b.votes - a.votes),
      map,
    );
  }

  /** Those with the most votes, and those whose peaks coincide best: each finds what the other misses. */
  private shortlist(candidates: Candidate[], map: PeakMap): Candidate[] {
    if (candidates.length <= BY_VOTES + BY_GRADE) return candidates;
    const rest = candidates.slice(BY_VOTES).map((candidate) => {
      const words = peaksOf(this.index, candidate.track);
      let grade = 0;
      for (const step of PROBES) {
        const { alignment } = candidate;
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
    const looks = this.bucketsOf(time, frequency, count);
    const hits = this.collect(looks);
    const { offsets, anchors } = this;
    const whole = Int32Array.from(time, (at) => Math.round(at * QUANTUM));
    for (let i = 0; i < hits; i++) {
      const offset = (offsets[i]! - whole[anchors[i]!]!) >>> 0;
      offsets[i] = offset;
      const slot = slotOf(offset >>> CELL_BITS, bits);
      if (sketch[slot]! < 255) sketch[slot]!++;
    }
    return hits;
  }

  /** Buckets that the pairs of the query fall into, and their anchors; returns how many. */
  private bucketsOf(time: Float64Array, frequency: Float64Array, count: number): number {
    const most = count * QUERY_FAN_OUT * this.keys.length;
    if (this.lookers.length < most) {
      this.buckets = new Int32Array(most);
      this.lookers = new Uint16Array(most);
      this.begins = new Uint32Array(most);
      this.ends = new Uint32Array(most);
    }
    const { buckets, lookers, keys } = this;
    const { bucketBits } = this.index;
    let looks = 0;
    forEachPair(time, frequency, count, QUERY_FAN_OUT, (anchor, target) => {
      const f = frequency[anchor]!;
      const n = queryKeys(f, frequency[target]! - f, time[target]! - time[anchor]!, keys);
      for (let k = 0; k < n; k++) {
        buckets[looks] = bucketOf(keys[k]!, bucketBits);
        lookers[looks++] = anchor;
      }
    });
    return looks;
  }

  /** What is in those buckets: positions into `offsets`, with their `anchors`; returns how many. */
  private collect(looks: number): number {
    const { buckets, lookers, begins, ends } = this;
    const { starts, postings } = this.index;
    for (let i = 0; i < looks; i++) {
      begins[i] = starts[buckets[i]!]!;
      ends[i] = starts[buckets[i]! + 1]!;
    }
    let filled = 0;
    let hits = 0;
    for (let i = 0; i < looks; i++) {
      const length = ends[i]! - begins[i]!;
      if (length === 0 || length > MAX_BUCKET) continue;
      hits += length;
      begins[filled] = begins[i]!;
      ends[filled] = ends[i]!;
      lookers[filled++] = lookers[i]!;
    }
    if (hits > this.offsets.length) this.grow(hits);
    const { offsets, anchors } = this;
    let hit = 0;
    for (let i = 0; i < filled; i++) {
      const anchor = lookers[i]!;
      const end = ends[i]!;
      for (let p = begins[i]!; p < end; p++) {
        offsets[hit] = postings[p]!;
        anchors[hit++] = anchor;
      }
    }
    return hits;
  }

  private grow(needed: number): void {
    const size = 2 ** Math.ceil(Math.log2(needed));
    this.offsets = new Uint32Array(size);
    this.anchors = new Uint16Array(size);
  }

  /** Cells with the most votes, together with the next cell, by the sketch. */
  private bestCells(hits: number): number[] {
    const { sketch, offsets } = this;
    const bits = Math.log2(sketch.length);
    const best: { cell: number; votes: number }[] = [];
    let worst = MIN_VOTES - 1;
    for (let i = 0; i < hits; i++) {
      const cell = offsets[i]! >>> CELL_BITS;
      const votes = sketch[slotOf(cell, bits)]! + sketch[slotOf(cell + 1, bits)]!;
      if (votes <= worst || best.some((b) => Math.abs(b.cell - cell) <= 1 && b.votes >= votes)) continue;
      const kept = best.filter((b) => Math.abs(b.cell - cell) > 1);
      kept.push({ cell, votes });
      kept.sort((a, b) => b.votes - a.votes);
      kept.length = Math.min(kept.length, CANDIDATES);
      best.splice(0, best.length, ...kept);
      if (best.length === CANDIDATES) worst = best[CANDIDATES - 1]!.votes;
    }
    return best.map((b) => b.cell);
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
    for (let i = 0; i < hits; i++) {
      const offset = this.offsets[i]!;
      if (this.sketch[slotOf(offset >>> CELL_BITS, bits)] === 0) continue;
      for (let c = 0; c < cells.length; c++) {
        const from = (cells[c]! - 0.5) * CELL;
        if (offset < from || offset >= from + 3 * CELL) continue;
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

function slotOf(cell: number, bits: number): number {
  return Math.imul(cell, 0x9e3779b1) >>> (32 - bits);
}
