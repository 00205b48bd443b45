/**
 * The parameters of the fingerprint. Whoever changes one that shapes the stored peaks raises `FINGERPRINT_VERSION`:
 * fingerprints of two versions are never compared.
 */
export const FINGERPRINT_VERSION = 4;

/** Front end: 8 kHz, Hann window of 2048 (256 ms), hop of 256 (32 ms). */
export const FFT_SIZE = 2048;
export const HOP_SAMPLES = 256;
export const SAMPLE_RATE_HZ = 8_000;
export const FRAMES_PER_SECOND = SAMPLE_RATE_HZ / HOP_SAMPLES; // 31.25
export const BIN_HZ = SAMPLE_RATE_HZ / FFT_SIZE; // 3.90625

/** 78–3800 Hz: under speech and noise, the bass is what is left of many songs. */
export const FIRST_BIN = 20;
export const LAST_BIN = 973;
export const BINS = 1024;

/** Which maxima of the spectrogram are peaks, and how many of them are kept. */
export interface PeakDensity {
  /** A peak is the maximum over ± this many bins and frames. */
  readonly bins: number;
  readonly frames: number;
  /** The strongest of a block are kept: at most 256, for a rank to fit into a byte. */
  readonly perBlock: number;
}

/** Peaks are rationed per block of 26 frames (0.83 s). */
export const BLOCK_FRAMES = 26;
/** A recording: maxima over 78 Hz and 128 ms, 20 per second. */
export const REFERENCE_DENSITY: PeakDensity = { bins: 20, frames: 4, perBlock: 17 };
/** The strongest of a block are landmarks, eight per second: pairs are made of them. The others only bear witness. */
export const REFERENCE_LANDMARKS = 7;
/**
 * The air: seven times as many, so that a recording's peaks are among them when something louder is near: under speech
 * at −6 dB half are found instead of a quarter, where chance is graded at 2 %.
 */
export const QUERY_DENSITY: PeakDensity = { bins: 8, frames: 2, perBlock: 120 };
/**
 * The air's landmarks, per block: of a hypothesis that seldom holds, and of one that often does. Twice as many find one in
 * ten songs more under speech at −6 dB, and cost three quarters more; beyond 100 chance drowns what they add.
 */
export const SPARSE_LANDMARKS = 40;
export const DENSE_LANDMARKS = 80;

/** The widest of the densities. */
export const MAX_PEAK_FRAMES = 4;

/** A query is looked at every 3 blocks (2.5 s), over at most the last 12 (10 s) and at least 6 (5 s). */
export const HOP_FRAMES = 3 * BLOCK_FRAMES;
export const WINDOW_FRAMES = 12 * BLOCK_FRAMES;
export const MIN_WINDOW_FRAMES = 6 * BLOCK_FRAMES;
export const HOP_S = HOP_FRAMES / FRAMES_PER_SECOND;

/** Stored peaks: time in half frames (19 bits: 2.3 hours), frequency in quarter bins (12 bits). */
export const PER_FRAME = 2;
export const PER_BIN = 4;
export const MAX_PEAK_TIME = 2 ** 19 - 1;

/** Seconds from a frame's first sample to its middle, where its peaks are. */
export const FRAME_CENTRE_S = FFT_SIZE / 2 / SAMPLE_RATE_HZ;
