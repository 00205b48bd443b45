import type { PeakBlock } from './front-end';
import { BLOCK_FRAMES } from './params';

/** Frames at a recording's start and end in which it is so quiet that whatever is said over it covers it. */
export interface QuietEdges {
  readonly start: number;
  readonly end: number;
}

/** Quieter than the recording's mean power by this factor (10 dB). */
const QUIET = 10;
/** Stored in 16 bits. */
const MAX_FRAMES = 65_535;

/** Where a recording fades in and out, by the power of its blocks, in whole blocks; 0 and 0 where all of it is quiet. */
export function quietEdges(blocks: readonly Pick<PeakBlock, 'frames'>[]): QuietEdges {
  const power = blocks.map(
    ({ frames }) => frames.reduce((sum, frame) => sum + frame.power, 0) / frames.length,
  );
  const mean = power.reduce((sum, value) => sum + value, 0) / Math.max(1, power.length);
  const first = power.findIndex((value) => value >= mean / QUIET);
  const last = power.findLastIndex((value) => value >= mean / QUIET);
  if (first < 0) return { start: 0, end: 0 };
  const frames = (count: number) => Math.min(MAX_FRAMES, count * BLOCK_FRAMES);
  return { start: frames(first), end: frames(power.length - 1 - last) };
}
