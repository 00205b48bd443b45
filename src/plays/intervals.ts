/** A stretch of time, seconds; `to` ≥ `from`. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The union of intervals, sorted, with those that touch or overlap made one. */
export function union(intervals: readonly Interval[]): Interval[] {
  const out: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && from <= last.to + 1e-6) last.to = Math.max(last.to, to);
    else out.push({ from, to });
  }
  return out;
}

/** What of `intervals` lies in none of `holes`; pieces of zero length are left out. */
export function subtract(intervals: readonly Interval[], holes: readonly Interval[]): Interval[] {
  let left = union(intervals);
  for (const hole of holes) {
    left = left.flatMap(({ from, to }) => {
      if (hole.to <= from || hole.from >= to) return [{ from, to }];
      const pieces: Interval[] = [];
      if (hole.from > from) pieces.push({ from, to: hole.from });
      if (hole.to < to) pieces.push({ from: hole.to, to });
      return pieces;
    });
  }
  return left.filter(({ from, to }) => to - from > 1e-6);
}

/** Seconds that two intervals share, 0 or more. */
export function overlap(a: Interval, b: Interval): number {
  return Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));
}

/** Seconds of all intervals together; they must not overlap. */
export function total(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { from, to }) => sum + to - from, 0);
}
