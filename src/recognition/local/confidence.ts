/**
 * Probability that a line is right, from its evidence: the best score of a window, and how many windows agreed. Each
 * doubling of the windows counts as two standard deviations. The two constants are fitted on held-out audio by the
 * evaluation; a logistic of the evidence is Platt's scaling (1999).
 */
const MIDDLE = 4.8;
const WIDTH = 1.0;

/**
 * @param bestZ highest verification score of a window
 * @param windows windows in which the line was confirmed, ≥ 1
 * @returns 0–1, rising in both
 */
export function confidenceOf(bestZ: number, windows: number): number {
  const evidence = bestZ + 2 * Math.log2(Math.max(1, windows));
  return 1 / (1 + Math.exp(-(evidence - MIDDLE) / WIDTH));
}
