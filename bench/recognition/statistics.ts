/** 95 % interval of a share (Wilson 1927), 0–1. */
export function wilson(successes: number, trials: number): readonly [number, number] {
  if (trials === 0) return [0, 1];
  const z = 1.96;
  const p = successes / trials;
  const centre = p + (z * z) / (2 * trials);
  const spread = z * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

/** The value below which a share of the values lies; undefined of none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Upper 95 % limit of events per hour when `events` were seen in `hours` (Poisson; 3 ÷ hours for none). */
export function upperRate(events: number, hours: number): number {
  if (hours <= 0) return Number.POSITIVE_INFINITY;
  let low = events;
  let high = events * 3 + 10;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    let term = Math.exp(-middle);
    let sum = term;
    for (let k = 1; k <= events; k++) {
      term *= middle / k;
      sum += term;
    }
    if (sum > 0.05) low = middle;
    else high = middle;
  }
  return low / hours;
}
