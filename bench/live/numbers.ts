/** The value below which a share of the values lies; undefined without values. */
export function quantile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Least-squares slope of y over x; undefined for fewer than three points. */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number | undefined {
  if (points.length < 3) return undefined;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const xx = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (xx === 0) return undefined;
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / xx;
}

/** Sum of all series of a family in Prometheus' text; undefined where it has none. */
export function familySum(text: string, family: string): number | undefined {
  const values = [...text.matchAll(new RegExp(`^${family}(?:\\{[^\\n]*\\})? (\\S+)`, 'gm'))];
  return values.length === 0 ? undefined : values.reduce((sum, [, value]) => sum + Number(value), 0);
}
