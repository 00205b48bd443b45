/** Sample rate of everything simulated, hertz: mono, and a whole number of samples per millisecond. */
export const AIR_RATE = 24_000;

/** Samples per millisecond of air. */
export const SAMPLES_PER_MS = AIR_RATE / 1_000;

/** Length of an MP3 frame at AIR_RATE: programme elements are whole frames long, so that encoded ones can be spliced. */
export const GRID_MS = 24;

/** Milliseconds rounded to the grid. */
export function onGrid(ms: number): number {
  return Math.round(ms / GRID_MS) * GRID_MS;
}

/** What stations can be sent in. */
export const AIR_CODECS = ['mp3', 'aac', 'vorbis', 'opus', 'flac'] as const;
export type AirCodec = (typeof AIR_CODECS)[number];
