/** AcoustID keeps and compares the first two minutes only, and so does its own `fpcalc`. Seconds. */
export const FINGERPRINTED_S = 120;
