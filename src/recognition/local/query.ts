import type { PeakBlock } from './front-end';
import { BINS } from './params';

/** Peaks of a stretch of air; `count` of them are valid. Time in frames of the session, rising; frequency in bins. */
export interface QueryPeaks {
  readonly time: Float64Array;
  readonly frequency: Float64Array;
  readonly count: number;
}

/** The last two minutes of a session's peaks: long enough to walk back to where a song began. */
export class QueryHistory {
  private blocks: PeakBlock[] = [];
  private end = 0;

  constructor(private readonly keepFrames: number) {}

  push(block: PeakBlock): void {
    this.blocks.push(block);
    this.end = block.firstFrame + block.frames.length;
    while (this.blocks[0]!.firstFrame < this.end - this.keepFrames) this.blocks.shift();
  }

  /** First frame that is still held. */
  get firstFrame(): number {
    return this.blocks[0]?.firstFrame ?? 0;
  }

  /** First frame that has not come yet. */
  get endFrame(): number {
    return this.end;
  }

  /** Peaks with `from` ≤ time < `to`. */
  between(from: number, to: number): QueryPeaks {
    const time: number[] = [];
    const frequency: number[] = [];
    for (const block of this.blocks) {
      if (block.firstFrame + block.frames.length < from - 1 || block.firstFrame > to) continue;
      for (let i = 0; i < block.time.length; i++) {
        const t = block.time[i]!;
        if (t >= from && t < to) {
          time.push(t);
          frequency.push(block.frequency[i]!);
        }
      }
    }
    return { time: Float64Array.from(time), frequency: Float64Array.from(frequency), count: time.length };
  }
}

/** How far a peak may be from where the reference has it: one frame and a half, one bin and a half. */
const REACH = 1;

/**
 * Where a stretch of air has peaks, as a grid that answers "is there one near?" in one look. The share of marked cells
 * is the probability of a hit by chance.
 */
export class PeakMap {
  private readonly cells: Uint8Array;
  private from = 0;
  private frames = 0;
  private marked = 0;
  private peaks: QueryPeaks = { time: new Float64Array(), frequency: new Float64Array(), count: 0 };

  /** @param maxFrames longest stretch that will be loaded */
  constructor(private readonly maxFrames: number) {
    this.cells = new Uint8Array(maxFrames * BINS);
  }

  load(peaks: QueryPeaks, from: number, to: number): void {
    this.frames = Math.min(this.maxFrames, Math.ceil(to - from));
    this.from = from;
    this.cells.fill(0, 0, this.frames * BINS);
    this.marked = 0;
    this.peaks = peaks;
    for (let i = 0; i < peaks.count; i++) {
      const t = Math.round(peaks.time[i]! - from);
      const f = Math.round(peaks.frequency[i]!);
      for (let dt = -REACH; dt <= REACH; dt++) {
        if (t + dt < 0 || t + dt >= this.frames) continue;
        for (let df = -REACH; df <= REACH; df++) {
          const cell = (t + dt) * BINS + f + df;
          if (this.cells[cell] === 0) {
            this.cells[cell] = 1;
            this.marked++;
          }
        }
      }
    }
  }

  get loaded(): QueryPeaks {
    return this.peaks;
  }

  get fromFrame(): number {
    return this.from;
  }

  get toFrame(): number {
    return this.from + this.frames;
  }

  /** Share of the band's cells that are near a peak. */
  get coverage(): number {
    return this.frames === 0 ? 0 : this.marked / (this.frames * 923);
  }

  /** Is there a peak near this frame (of the session) and bin? 0 or 1; −1 outside the stretch. */
  at(frame: number, bin: number): number {
    const t = Math.round(frame - this.from);
    if (t < 0 || t >= this.frames) return -1;
    return this.cells[t * BINS + Math.round(bin)]!;
  }
}
