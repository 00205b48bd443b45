import type { PeakBlock } from './front-end';
import { BINS, FIRST_BIN, LAST_BIN } from './params';

/** Peaks of a stretch of air; `count` of them are valid. Time in frames of the session, rising; frequency in bins. */
export interface QueryPeaks {
  readonly time: Float64Array;
  readonly frequency: Float64Array;
  readonly count: number;
}

/** What is kept of a block: without the level of each frame, which is most of it. */
interface HeldBlock extends Pick<PeakBlock, 'firstFrame' | 'time' | 'frequency' | 'rank'> {
  readonly endFrame: number;
}

/** The last two minutes of a session's peaks: long enough to walk back to where a song began. */
export class QueryHistory {
  private blocks: HeldBlock[] = [];
  private end = 0;

  constructor(private readonly keepFrames: number) {}

  push(block: PeakBlock): void {
    const { firstFrame, time, frequency, rank } = block;
    this.end = firstFrame + block.frames.length;
    this.blocks.push({ firstFrame, endFrame: this.end, time, frequency, rank });
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
    return this.landmarksBetween(from, to, Number.POSITIVE_INFINITY);
  }

  /** Those of them that are among the `perBlock` strongest of their block: of them pairs are made. */
  landmarksBetween(from: number, to: number, perBlock: number): QueryPeaks {
    const time: number[] = [];
    const frequency: number[] = [];
    for (const block of this.blocks) {
      // A peak lies up to half a frame before its block's first frame.
      if (block.endFrame < from - 1 || block.firstFrame > to + 1) continue;
      for (let i = 0; i < block.time.length; i++) {
        const t = block.time[i]!;
        if (t >= from && t < to && block.rank[i]! < perBlock) {
          time.push(t);
          frequency.push(block.frequency[i]!);
        }
      }
    }
    return { time: Float64Array.from(time), frequency: Float64Array.from(frequency), count: time.length };
  }
}

/** How far from where the reference has it a peak is looked for: one cell around its own, a bin and a half at most. */
const REACH = 1;

/**
 * Standard deviations of the kernel that grades a coincidence. Measured on music under noise and speech at 0 and
 * −6 dB: 20 % of a recording's peaks are found within half a frame and a quarter of a bin, where chance puts 0.9 %;
 * beyond one frame or three quarters of a bin there is nothing but chance.
 */
const SIGMA_FRAMES = 0.7;
const SIGMA_BINS = 0.35;
/** Cells in which a peak is looked for; and those that a kernel of height 1 fills. */
export const REACH_AREA = (2 * REACH + 1) ** 2;
export const KERNEL_AREA = 2 * Math.PI * SIGMA_FRAMES * SIGMA_BINS;

/** Where a peak of the air is from where it was expected. */
export interface Deviation {
  frames: number;
  bins: number;
}

/** Where a stretch of air has peaks, as a grid that answers "is there one near, and how near?" in one look. */
export class PeakMap {
  /** The peak next to each cell's middle, counted from 1; 0 where none is near. */
  private readonly cells: Uint16Array;
  private from = 0;
  private frames = 0;
  private marked = 0;
  private peaks: QueryPeaks = { time: new Float64Array(), frequency: new Float64Array(), count: 0 };

  /** @param maxFrames longest stretch that will be loaded */
  constructor(private readonly maxFrames: number) {
    this.cells = new Uint16Array(maxFrames * BINS);
  }

  load(peaks: QueryPeaks, from: number, to: number): void {
    this.frames = Math.min(this.maxFrames, Math.ceil(to - from));
    this.from = from;
    this.cells.fill(0, 0, this.frames * BINS);
    this.marked = 0;
    this.peaks = peaks;
    const count = Math.min(peaks.count, 65_535);
    for (let i = 0; i < count; i++) {
      const t = Math.round(peaks.time[i]! - from);
      const f = Math.round(peaks.frequency[i]!);
      for (let dt = -REACH; dt <= REACH; dt++) {
        if (t + dt < 0 || t + dt >= this.frames) continue;
        for (let df = -REACH; df <= REACH; df++) {
          const cell = (t + dt) * BINS + f + df;
          const other = this.cells[cell]!;
          if (other === 0) this.marked++;
          if (other === 0 || this.nearer(i, other - 1, t + dt, f + df)) this.cells[cell] = i + 1;
        }
      }
    }
  }

  private nearer(a: number, b: number, t: number, f: number): boolean {
    const { time, frequency } = this.peaks;
    const distance = (i: number) =>
      ((time[i]! - this.from - t) / SIGMA_FRAMES) ** 2 + ((frequency[i]! - f) / SIGMA_BINS) ** 2;
    return distance(a) < distance(b);
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

  /** Share of the band's cells that are near a peak: the probability that `at` finds one by chance. */
  get coverage(): number {
    return this.frames === 0 ? 0 : this.marked / (this.frames * (LAST_BIN - FIRST_BIN + 1));
  }

  /** Is there a peak near this frame (of the session) and bin? 0 or 1; −1 outside the stretch. */
  at(frame: number, bin: number): number {
    const t = Math.round(frame - this.from);
    if (t < 0 || t >= this.frames) return -1;
    return this.cells[t * BINS + Math.round(bin)] === 0 ? 0 : 1;
  }

  /** How well a peak of the air fits one expected there: 1 exactly, 0 none; −1 outside the stretch. */
  grade(frame: number, bin: number): number {
    const time = frame - this.from;
    const row = Math.round(time);
    return row < 0 || row >= this.frames ? -1 : this.gradeIn(row, Math.round(bin), time, bin);
  }

  /**
   * The same within the stretch, where the cell is known.
   * @param row nearest frame, from the stretch's first; and `column` the nearest bin
   * @param time frames from the stretch's first
   */
  gradeIn(row: number, column: number, time: number, bin: number): number {
    const peak = this.cells[row * BINS + column]! - 1;
    if (peak < 0) return 0;
    const dt = (this.peaks.time[peak]! - this.from - time) / SIGMA_FRAMES;
    const df = (this.peaks.frequency[peak]! - bin) / SIGMA_BINS;
    return Math.exp(-0.5 * (dt * dt + df * df));
  }

  /** From an expected place to the air's peak near it, into `out`; false where there is none. */
  deviation(frame: number, bin: number, out: Deviation): boolean {
    const t = Math.round(frame - this.from);
    if (t < 0 || t >= this.frames) return false;
    const peak = this.cells[t * BINS + Math.round(bin)]! - 1;
    if (peak < 0) return false;
    out.frames = this.peaks.time[peak]! - frame;
    out.bins = this.peaks.frequency[peak]! - bin;
    return true;
  }
}
