/**
 * Where everything lies in the module's memory. JavaScript reads these addresses from the exports: it fills the tables
 * once, the samples before every frame, and reads the results. Real and imaginary parts are apart, so that the two lanes
 * of a vector are two bins that go through the same operations.
 */

/** Complex points of the transform: half the samples of a frame. Also the bins of the power spectrum. */
export const POINTS: usize = 1024;
/** Bytes from a real part to its imaginary part. */
export const IMAGINARY: usize = 8192;
/** Bytes from one quarter of a part to the next: a radix-4 butterfly takes one value of each quarter. */
export const QUARTER: usize = 2048;

// Tables, filled by JavaScript.

/** f64[2][POINTS]: factors of the even samples, then of the odd ones. */
export const WINDOW: usize = memory.data(16384, 16);
/** f64[POINTS / 8][6][2]: real and imaginary parts of w^p, w^2p and w^3p for two successive p. */
export const TWIDDLES: usize = memory.data(12288, 16);
/** f64[POINTS / 4][4][2]: cosine and sine for bins k and k + 1, then for their mirror images. k = 1, 3, 5 … */
export const SPLIT: usize = memory.data(16384, 16);

// Input.

/** i16[2 * POINTS]: the frame. */
export const SAMPLES: usize = memory.data(4096, 16);

// Between.

/** f64[2][POINTS] each: the transform goes back and forth between them. */
export const A: usize = memory.data(16384, 16);
export const B: usize = memory.data(16384, 16);
/** f64[POINTS + 64]: maxima of windows of 4, then of 16 bins. */
export const WINDOWS: usize = memory.data(8704, 16);

// Output.

/** f64[POINTS + 64]: what lies behind the last bin is read with it, and stays 0. */
export const POWER: usize = memory.data(8704, 16);
/** f64[POINTS + 2] */
export const MAXIMUM: usize = memory.data(8208, 16);
/** u16[POINTS + 2]: bins that are the maximum of their surroundings. */
export const CANDIDATES: usize = memory.data(2064, 16);
/** f64[2 + POINTS / 32]: energy of the newest samples, sum of the bands' powers, products of eight of them each. */
export const LEVEL: usize = memory.data(272, 16);
