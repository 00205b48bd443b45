import type { Alignment } from './alignment';
import { type LandmarkIndex, trackAt } from './landmark-index';
import { bucketOf, forEachPair, QUERY_FAN_OUT, queryKeys } from './pairs';
import { LAST_BIN, QUANTUM } from './params';
import type { QueryPeaks } from './query';

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

/** Offsets are voted for in cells of 2 frames; the best cells and their neighbours are then counted exactly. */
const CELL = 2 * QUANTUM;
const CANDIDATES = 4;
/** Fewer agreeing anchors than this is chance. */
const MIN_VOTES = 4;
/** A bucket that is longer than this is a cliché (hum, a pilot tone): looking at it costs more than it tells. */
const MAX_BUCKET = 4096;

/**
 * The vote (Wang 2003): every pair of the query names the positions where the library has it; positions that agree on
 * an offset are counted, first in a hashed sketch, then exactly.
 */
export class Searcher {
  private sketch = new Uint8Array(2 ** 16);
  private offsets = new Float64Array(1 << 16);
  private anchors = new Uint16Array(1 << 16);
  private readonly keys = new Int32Array(8);

  constructor(private index: LandmarkIndex) {}

  use(index: LandmarkIndex): void {
    this.index = index;
  }

  /** Candidates for one hypothesis, most votes first. */
  search(query: QueryPeaks, hypothesis: Hypothesis): Candidate[] {
    const hits = this.look(query, hypothesis);
    if (hits === 0) return [];
    const best = this.bestCells(hits);
    const origin = query.time[0]!;
    const candidates: Candidate[] = [];
    for (const cell of best) {
      const found = this.count(hits, cell);
      if (found.votes < MIN_VOTES) continue;
      // The offset is where the recording's time line stands when the query's first peak sounds.
      const middle = (query.time[query.count - 1]! - origin) * 0.5 * hypothesis.tempo * QUANTUM;
      const track = trackAt(this.index, found.offset + middle);
      if (track < 0) continue;
      const referenceAt = (found.offset - this.index.trackStarts[track]!) / QUANTUM;
      candidates.push({
        track,
        alignment: { queryAt: origin, referenceAt, ...hypothesis },
        votes: found.votes,
      });
    }
    return candidates.sort((a, b) => b.votes - a.votes);
  }

  /** Fills `offsets` and `anchors`, and the sketch; returns how many hits there were. */
  private look(query: QueryPeaks, { tempo, pitch }: Hypothesis): number {
    const { starts, postings, bucketBits } = this.index;
    // The sketch grows with the library: too few cells drown a weak match in chance (facts: 2^16 lost 5 of 6).
    const bits = Math.min(22, Math.max(16, Math.ceil(Math.log2(postings.length / 256 + 1))));
    if (this.sketch.length !== 2 ** bits) this.sketch = new Uint8Array(2 ** bits);
    else this.sketch.fill(0);
    const { sketch, keys } = this;
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
    let hits = 0;
    forEachPair(time, frequency, count, QUERY_FAN_OUT, (anchor, target) => {
      const f = frequency[anchor]!;
      const n = queryKeys(f, frequency[target]! - f, time[target]! - time[anchor]!, keys);
      const at = time[anchor]! * QUANTUM;
      for (let k = 0; k < n; k++) {
        const bucket = bucketOf(keys[k]!, bucketBits);
        const end = starts[bucket + 1]!;
        const begin = starts[bucket]!;
        if (end - begin > MAX_BUCKET) continue;
        if (hits + end - begin > this.offsets.length) this.grow(hits + end - begin);
        for (let p = begin; p < end; p++) {
          const offset = postings[p]! - at;
          this.offsets[hits] = offset;
          this.anchors[hits++] = anchor;
          const slot = slotOf(Math.floor(offset / CELL), bits);
          if (sketch[slot]! < 255) sketch[slot]!++;
        }
      }
    });
    return hits;
  }

  private grow(needed: number): void {
    const size = 2 ** Math.ceil(Math.log2(needed));
    const offsets = new Float64Array(size);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const anchors = new Uint16Array(size);
    anchors.set(this.anchors);
    this.anchors = anchors;
  }

  /** Cells with the most votes, together with the next cell, by the sketch. */
  private bestCells(hits: number): number[] {
    const { sketch, offsets } = this;
    const bits = Math.log2(sketch.length);
    const best: { cell: number; votes: number }[] = [];
    let worst = MIN_VOTES - 1;
    for (let i = 0; i < hits; i++) {
      const cell = Math.floor(offsets[i]! / CELL);
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

  /** Distinct anchors with an offset within the cell and the next, and the mean offset of those. */
  private count(hits: number, cell: number): { votes: number; offset: number } {
    const seen = new Set<number>();
    let sum = 0;
    let n = 0;
    const from = (cell - 0.5) * CELL;
    const to = (cell + 2.5) * CELL;
    for (let i = 0; i < hits; i++) {
      const offset = this.offsets[i]!;
      if (offset < from || offset >= to) continue;
      seen.add(this.anchors[i]!);
      sum += offset;
      n++;
    }
    return { votes: seen.size, offset: n === 0 ? 0 : sum / n };
  }
}

function slotOf(cell: number, bits: number): number {
  return Math.imul(cell, 0x9e3779b1) >>> (32 - bits);
}
