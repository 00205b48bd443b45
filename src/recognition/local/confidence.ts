/**
 * Probability that a line is right, from its evidence: the best score of a window, and how many windows agreed. It is wrong
 * in two ways, each with its own logistic (Platt's scaling, 1999), fitted by the evaluations (`eval:recognition` on
 * windows, `eval:plays` on plays).
 */

/** By chance: the less likely the higher the score, and the more windows agree; a doubling counts as two deviations. */
const CHANCE = { middle: 4.8, width: 1 };
/**
 * By a shared sound: another recording has the same loop, sample or stem, and goes on having it window after window. What
 * else it has keeps the score lower than a song by itself reaches, once it has had the time.
 */
const SHARED = { middle: 16.5, width: 1.5 };
/** Windows (of 2.5 s) after which a song has shown how well it fits. */
const SHOWN = 4;

/**
 * @param bestZ highest verification score of a window
 * @param windows windows in which the line was confirmed, ≥ 1
 * @param over the line has ended: no better score will come
 * @returns 0–1, rising with the score
 */
export function confidenceOf(bestZ: number, windows: number, over = false): number {
  const noChance = logistic(bestZ + 2 * Math.log2(Math.max(1, windows)), CHANCE);
  return over || windows >= SHOWN ? noChance * logistic(bestZ, SHARED) : noChance;
}

function logistic(x: number, { middle, width }: typeof CHANCE): number {
  return 1 / (1 + Math.exp(-(x - middle) / width));
}
