import { PowerSpectrum } from './fft';
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

/** The strongest spectral peaks of one block of frames, in order of time. Same length for all arrays. */
export interface PeakBlock {
  /** First frame of the block, counted from the start of the audio. */
  readonly firstFrame: number;
  /** Frame of each peak, with fraction. */
  readonly time: Float64Array;
  /** Bin of each peak, with fraction. */
  readonly frequency: Float32Array;
  /** Tilted log power: only good for ranking. */
  readonly strength: Float32Array;
  /** How many of the block are stronger. */
  readonly rank: Uint8Array;
  /** What the block sounds like, frame by frame. */
  readonly frames: readonly FrameLevel[];
}

export interface FrameLevel {
  /** Mean power of the samples, full scale square wave = 1. */
  readonly power: number;
  /** Geometric by arithmetic mean of the band's power: 1 = white, 0 = tonal. */
  readonly flatness: number;
}

/** Below this power a peak is rounding noise of 16-bit samples. */
const FLOOR = 1e-5;
/**
 * Weight of log frequency in the ranking of peaks: about 2 dB per octave against the slope of music, so that
 * a band limit or an equaliser does not take most of a recording's peaks away.
 */
const TILT = 0.6;

/** Frames that are held, whatever the density: the middle one is looked at. */
const ROWS = 2 * MAX_PEAK_FRAMES + 1;

/** One for all streams of a thread: its tables stay in the processor's cache, and it keeps nothing between frames. */
const SPECTRUM = new PowerSpectrum(FFT_SIZE);

/**
 * Audio in, spectral peaks out (Wang 2003): maxima of the spectrogram over a few bins and frames, placed between bins
 * and frames by a parabola through the logarithms. Stateful: one per stream.
 */
export class FrontEnd {
  private readonly pending = new Int16Array(FFT_SIZE + 64 * HOP_SAMPLES);
  private held = 0;
  private frame = 0;
  /** The last nine frames: their power, and its running maximum over the density's bins. */
  private readonly power = Array.from({ length: ROWS }, () => new Float64Array(BINS));
  private readonly maximum = Array.from({ length: ROWS }, () => new Float64Array(BINS));
  private readonly queue = new Int32Array(BINS);
  private found: { time: number; frequency: number; strength: number }[] = [];
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
      for (; at + FFT_SIZE <= this.held; at += HOP_SAMPLES) this.analyse(this.pending, at, blocks);
      this.pending.copyWithin(0, at, this.held);
      this.held -= at;
    }
    return blocks;
  }

  /** The end of the audio: the last, shorter block. The front end must not be used afterwards. */
  finish(): PeakBlock[] {
    const blocks: PeakBlock[] = [];
    const silence = new Int16Array(FFT_SIZE);
    const end = this.frame;
    for (let i = 0; i < MAX_PEAK_FRAMES; i++) this.analyse(silence, 0, blocks);
    this.found = this.found.filter((peak) => peak.time < end);
    if (this.found.length > 0) blocks.push(this.close());
    return blocks;
  }

  private analyse(samples: Int16Array, offset: number, blocks: PeakBlock[]): void {
    const row = this.frame % ROWS;
    SPECTRUM.compute(samples, offset);
    this.power[row]!.set(SPECTRUM.power);
    runningMaximum(this.power[row]!, this.maximum[row]!, this.queue, this.density.bins);
    this.levels.push(levelOf(samples, offset, this.power[row]!));
    this.frame++;
    const centre = this.frame - 1 - MAX_PEAK_FRAMES;
    if (centre < 0) return;
    this.pick(centre);
    if (centre + 1 - this.blockStart === BLOCK_FRAMES) blocks.push(this.close());
  }

  /** Peaks of frame `centre`, whose neighbours are all known. */
  private pick(centre: number): void {
    const row = centre % ROWS;
    const power = this.power[row]!;
    const maximum = this.maximum[row]!;
    const before = this.power[(centre + ROWS - 1) % ROWS]!;
    const after = this.power[(centre + 1) % ROWS]!;
    for (let bin = FIRST_BIN; bin <= LAST_BIN; bin++) {
      const here = power[bin]!;
      if (here !== maximum[bin] || here < FLOOR) continue;
      let highest = true;
      for (let d = 1; d <= this.density.frames && highest; d++) {
        highest =
          here >= this.maximum[(centre + d) % ROWS]![bin]! &&
          (centre < d || here > this.maximum[(centre + ROWS - d) % ROWS]![bin]!);
      }
      if (!highest) continue;
      this.found.push({
        time: centre + (centre > 0 ? vertex(before[bin]!, here, after[bin]!) : 0),
        frequency: bin + vertex(power[bin - 1]!, here, power[bin + 1]!),
        strength: Math.log(here) + TILT * Math.log(bin),
      });
    }
  }

  private close(): PeakBlock {
    const byStrength = this.found.sort((a, b) => b.strength - a.strength).slice(0, this.density.perBlock);
    const kept = byStrength.map((peak, rank) => ({ ...peak, rank })).sort((a, b) => a.time - b.time);
    const block: PeakBlock = {
      firstFrame: this.blockStart,
      time: Float64Array.from(kept, (peak) => peak.time),
      frequency: Float32Array.from(kept, (peak) => peak.frequency),
      strength: Float32Array.from(kept, (peak) => peak.strength),
      rank: Uint8Array.from(kept, (peak) => peak.rank),
      frames: this.levels,
    };
    this.blockStart += BLOCK_FRAMES;
    this.found = [];
    this.levels = [];
    return block;
  }
}

/** Where the parabola through three logarithms has its top, −0.5…0.5 from the middle one. */
function vertex(left: number, middle: number, right: number): number {
  const tiny = 1e-20;
  const l = Math.log(left + tiny);
  const m = Math.log(middle + tiny);
  const r = Math.log(right + tiny);
  const curve = l - 2 * m + r;
  if (curve >= 0) return 0;
  return Math.max(-0.5, Math.min(0.5, (0.5 * (l - r)) / curve));
}

/** Maximum over ±`reach` bins of every bin of the band, by a monotonic queue. */
function runningMaximum(power: Float64Array, out: Float64Array, queue: Int32Array, reach: number): void {
  const last = LAST_BIN + reach;
  let head = 0;
  let tail = 0;
  for (let bin = FIRST_BIN - reach; bin <= last; bin++) {
    const value = power[bin]!;
    while (tail > head && power[queue[tail - 1]!]! <= value) tail--;
    queue[tail++] = bin;
    const centre = bin - reach;
    if (centre < FIRST_BIN) continue;
    while (queue[head]! < centre - reach) head++;
    out[centre] = power[queue[head]!]!;
  }
}

function levelOf(samples: Int16Array, offset: number, power: Float64Array): FrameLevel {
  let energy = 0;
  // The newest hop only: overlapping windows would smear the level over a quarter of a second.
  for (let i = FFT_SIZE - HOP_SAMPLES; i < FFT_SIZE; i++) energy += samples[offset + i]! ** 2;
  let sum = 0;
  let logs = 0;
  let n = 0;
  let product = 1;
  for (let bin = FIRST_BIN; bin <= LAST_BIN; bin += 4) {
    const band = power[bin]! + power[bin + 1]! + power[bin + 2]! + power[bin + 3]! + 1e-12;
    sum += band;
    product *= band;
    // One logarithm for eight bands: their product, 1e-96 at least, is far from where numbers end.
    if (++n % 8 === 0) {
      logs += Math.log(product);
      product = 1;
    }
  }
  logs += Math.log(product);
  return { power: energy / (HOP_SAMPLES * 32768 ** 2), flatness: Math.exp(logs / n) / (sum / n) };
}
