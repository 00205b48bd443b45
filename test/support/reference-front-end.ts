import type { FrameLevel, PeakBlock } from '../../src/recognition/local/front-end';
import {
  BLOCK_FRAMES,
  FFT_SIZE,
  FIRST_BIN,
  HOP_SAMPLES,
  LAST_BIN,
  MAX_PEAK_FRAMES,
  type PeakDensity,
} from '../../src/recognition/local/params';
import { PowerSpectrum } from './power-spectrum';

interface Frame {
  readonly power: Float64Array;
  /** Of each bin of the band, the maximum over ± the density's bins. */
  readonly maximum: Float64Array;
  readonly level: FrameLevel;
}

interface Peak {
  readonly time: number;
  readonly frequency: number;
  readonly strength: number;
}

/**
 * The blocks of a whole audio by their definitions, in plain JavaScript: what the front end must equal bit for bit, so
 * that fingerprints stay what they are.
 */
export function referenceBlocks(samples: Int16Array, density: PeakDensity): PeakBlock[] {
  const count = Math.max(0, Math.floor((samples.length - FFT_SIZE) / HOP_SAMPLES) + 1);
  const spectrum = new PowerSpectrum(FFT_SIZE);
  const silence = new Int16Array(FFT_SIZE);
  // The end is seen as silence.
  const frames = Array.from({ length: count + MAX_PEAK_FRAMES }, (_, i) =>
    i < count
      ? frameOf(spectrum, samples, i * HOP_SAMPLES, density.bins)
      : frameOf(spectrum, silence, 0, density.bins),
  );
  const blocks: PeakBlock[] = [];
  let level = 0;
  for (let first = 0; first < count; first += BLOCK_FRAMES) {
    const last = Math.min(first + BLOCK_FRAMES, count) - 1;
    const found: Peak[] = [];
    for (let centre = first; centre <= last; centre++) found.push(...peaksOf(frames, centre, density.frames));
    if (last - first + 1 < BLOCK_FRAMES && found.length === 0) break;
    // A block has the levels of the frames since the one before it, up to those that its last peaks were compared with.
    const seen = last + 1 + MAX_PEAK_FRAMES;
    const levels = frames.slice(level, seen).map((frame) => frame.level);
    level = seen;
    const strongest = found.sort((a, b) => b.strength - a.strength).slice(0, density.perBlock);
    const kept = strongest.map((peak, rank) => ({ ...peak, rank })).sort((a, b) => a.time - b.time);
    blocks.push({
      firstFrame: first,
      time: Float64Array.from(kept, (peak) => peak.time),
      frequency: Float32Array.from(kept, (peak) => peak.frequency),
      strength: Float32Array.from(kept, (peak) => peak.strength),
      rank: Uint8Array.from(kept, (peak) => peak.rank),
      frames: levels,
    });
  }
  return blocks;
}

function frameOf(spectrum: PowerSpectrum, samples: Int16Array, offset: number, reach: number): Frame {
  spectrum.compute(samples, offset);
  const power = spectrum.power.slice();
  const maximum = new Float64Array(power.length);
  for (let bin = FIRST_BIN; bin <= LAST_BIN; bin++) {
    maximum[bin] = Math.max(...power.subarray(bin - reach, bin + reach + 1));
  }
  return { power, maximum, level: levelOf(samples.subarray(offset, offset + FFT_SIZE), power) };
}

function peaksOf(frames: readonly Frame[], centre: number, reach: number): Peak[] {
  const { power, maximum } = frames[centre]!;
  const peaks: Peak[] = [];
  for (let bin = FIRST_BIN; bin <= LAST_BIN; bin++) {
    const here = power[bin]!;
    const before = frames.slice(Math.max(0, centre - reach), centre);
    const after = frames.slice(centre + 1, centre + reach + 1);
    const isPeak =
      here >= 1e-5 &&
      here === maximum[bin] &&
      before.every((frame) => here > frame.maximum[bin]!) &&
      after.every((frame) => here >= frame.maximum[bin]!);
    if (!isPeak) continue;
    const inTime = vertex(frames[centre - 1]?.power[bin] ?? here, here, frames[centre + 1]!.power[bin]!);
    peaks.push({
      time: centre + (centre > 0 ? inTime : 0),
      frequency: bin + vertex(power[bin - 1]!, here, power[bin + 1]!),
      strength: Math.log(here) + 0.6 * Math.log(bin),
    });
  }
  return peaks;
}

/** Where the parabola through three logarithms has its top, −0.5…0.5 from the middle one. */
function vertex(left: number, middle: number, right: number): number {
  const [l, m, r] = [left, middle, right].map((power) => Math.log(power + 1e-20)) as [number, number, number];
  const curve = l - 2 * m + r;
  return curve >= 0 ? 0 : Math.max(-0.5, Math.min(0.5, (0.5 * (l - r)) / curve));
}

function levelOf(frame: Int16Array, power: Float64Array): FrameLevel {
  let energy = 0;
  for (const sample of frame.subarray(FFT_SIZE - HOP_SAMPLES)) energy += sample * sample;
  let [sum, logs, product, n] = [0, 0, 1, 0];
  for (let bin = FIRST_BIN; bin <= LAST_BIN; bin += 4) {
    const band = power[bin]! + power[bin + 1]! + power[bin + 2]! + power[bin + 3]! + 1e-12;
    sum += band;
    product *= band;
    if (++n % 8 === 0) {
      logs += Math.log(product);
      product = 1;
    }
  }
  logs += Math.log(product);
  return { power: energy / (HOP_SAMPLES * 32768 ** 2), flatness: Math.exp(logs / n) / (sum / n) };
}
