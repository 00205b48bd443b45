import { BlockPeaks, type RankedPeaks } from './block-peaks';
import { FrameAnalysis, type FrameLevel } from './frame-analysis';
import {
  BINS,
  BLOCK_FRAMES,
  FFT_SIZE,
  FIRST_BIN,
  HOP_SAMPLES,
  LAST_BIN,
  MAX_PEAK_FRAMES,
  type PeakDensity,
  QUERY_DENSITY,
} from './params';

export type { FrameLevel };

/** The strongest spectral peaks of one block of frames. */
export interface PeakBlock extends RankedPeaks {
  /** First frame of the block, counted from the start of the audio. */
  readonly firstFrame: number;
  /** What the block sounds like, frame by frame. */
  readonly frames: readonly FrameLevel[];
}

/**
 * Weight of log frequency in the ranking of peaks: about 2 dB per octave against the slope of music, so that
 * a band limit or an equaliser does not take most of a recording's peaks away.
 */
const TILT = 0.6;
/** Keeps a parabola's logarithms finite where the power is 0. */
const TINY = 1e-20;

/** Frames that are held, whatever the density: the middle one is looked at. */
const ROWS = 2 * MAX_PEAK_FRAMES + 1;

/** One for all streams of a thread: it keeps nothing between frames. */
const ANALYSIS = new FrameAnalysis();

/**
 * Audio in, spectral peaks out (Wang 2003): maxima of the spectrogram over a few bins and frames, placed between bins
 * and frames by a parabola through the logarithms. Stateful: one per stream.
 */
export class FrontEnd {
  private readonly pending = new Int16Array(FFT_SIZE + 64 * HOP_SAMPLES);
  private held = 0;
  private frame = 0;
  /** The last frames, in turn. */
  private readonly rows = Array.from({ length: ROWS }, () => ({
    power: new Float64Array(BINS),
    /** The power's running maximum over the density's bins. */
    maximum: new Float64Array(BINS),
    candidates: new Uint16Array(LAST_BIN - FIRST_BIN + 1),
    count: 0,
  }));
  private readonly found = new BlockPeaks();
  private levels: FrameLevel[] = [];
  private blockStart = 0;

  constructor(private readonly density: PeakDensity = QUERY_DENSITY) {}

  /** Takes any number of samples (mono, 8 kHz); returns the blocks that they complete. */
  push(samples: Int16Array): PeakBlock[] {
    const blocks: PeakBlock[] = [];
    let from = 0;
    while (from < samples.length) {
      const take = Math.min(samples.length - from, this.pending.length - this.held);
      this.pending.set(samples.subarray(from, from + take), this.held);
      this.held += take;
      from += take;
      let at = 0;
      for (; at + FFT_SIZE <= this.held; at += HOP_SAMPLES) {
        this.analyse(this.pending.subarray(at, at + FFT_SIZE), blocks);
      }
      this.pending.copyWithin(0, at, this.held);
      this.held -= at;
    }
    return blocks;
  }

  /** The end of the audio: the last, shorter block. The front end must not be used afterwards. */
  finish(): PeakBlock[] {
    const blocks: PeakBlock[] = [];
    const silence = new Int16Array(FFT_SIZE);
    for (let i = 0; i < MAX_PEAK_FRAMES; i++) this.analyse(silence, blocks);
    if (this.found.size > 0) blocks.push(this.close());
    return blocks;
  }

  /** Takes one frame of FFT_SIZE samples. */
  private analyse(samples: Int16Array, blocks: PeakBlock[]): void {
    const row = this.rows[this.frame % ROWS]!;
    row.count = ANALYSIS.analyse(samples, this.density.bins);
    row.power.set(ANALYSIS.power);
    row.maximum.set(ANALYSIS.maximum);
    for (let i = 0; i < row.count; i++) row.candidates[i] = ANALYSIS.candidates[i]!;
    this.levels.push(ANALYSIS.level());
    this.frame++;
    const centre = this.frame - 1 - MAX_PEAK_FRAMES;
    if (centre < 0) return;
    this.pick(centre);
    if (centre + 1 - this.blockStart === BLOCK_FRAMES) blocks.push(this.close());
  }

  /** Peaks of frame `centre`, whose neighbours are all known. */
  private pick(centre: number): void {
    const { power, candidates, count } = this.rows[centre % ROWS]!;
    const before = this.rows[(centre + ROWS - 1) % ROWS]!.power;
    const after = this.rows[(centre + 1) % ROWS]!.power;
    for (let i = 0; i < count; i++) {
      const bin = candidates[i]!;
      const here = power[bin]!;
      if (!this.isHighest(here, bin, centre)) continue;
      const log = Math.log(here + TINY);
      this.found.add(
        centre + (centre > 0 ? vertex(before[bin]!, log, after[bin]!) : 0),
        bin + vertex(power[bin - 1]!, log, power[bin + 1]!),
        Math.log(here) + TILT * Math.log(bin),
      );
    }
  }

  private isHighest(here: number, bin: number, centre: number): boolean {
    for (let d = 1; d <= this.density.frames; d++) {
      if (here < this.rows[(centre + d) % ROWS]!.maximum[bin]!) return false;
      if (centre >= d && here <= this.rows[(centre + ROWS - d) % ROWS]!.maximum[bin]!) return false;
    }
    return true;
  }

  private close(): PeakBlock {
    const peaks = this.found.take(this.density.perBlock);
    const block: PeakBlock = { firstFrame: this.blockStart, ...peaks, frames: this.levels };
    this.blockStart += BLOCK_FRAMES;
    this.levels = [];
    return block;
  }
}

/** Where the parabola through three logarithms, the middle one's taken already, has its top: −0.5…0.5 from the middle. */
function vertex(left: number, middleLog: number, right: number): number {
  const l = Math.log(left + TINY);
  const r = Math.log(right + TINY);
  const curve = l - 2 * middleLog + r;
  if (curve >= 0) return 0;
  return Math.max(-0.5, Math.min(0.5, (0.5 * (l - r)) / curve));
}
