/**
 * The few forms of PromQL that the dashboards are made of. Counters are only ever read through `rate` over
 * `$__rate_interval`; gauges that several replicas report of the same database are read through `max`.
 */

/** What the variables at the top of a dashboard choose. */
const CHOSEN = 'job=~"$job", instance=~"$instance"';

/** A metric of the chosen services: `sodav_plays_total{job=~"$job", instance=~"$instance", kind="track"}`. */
export function of(metric: string, matchers = ''): string {
  return `${metric}{${CHOSEN}${matchers === '' ? '' : `, ${matchers}`}}`;
}

/** A series that a recording rule keeps per job. */
export function recorded(name: string, matchers = ''): string {
  return `${name}{job=~"$job"${matchers === '' ? '' : `, ${matchers}`}}`;
}

/** Per second, summed over the replicas, by these labels. */
export function rate(metric: string, by: readonly string[] = [], matchers = ''): string {
  return `sum${grouping(by)} (rate(${of(metric, matchers)}[$__rate_interval]))`;
}

/** How often it happened per step of the graph. */
export function increase(metric: string, by: readonly string[] = [], matchers = ''): string {
  return `sum${grouping(by)} (increase(${of(metric, matchers)}[$__rate_interval]))`;
}

/** `quantile` (0–1) of a histogram: the buckets are summed first, quantiles are never averaged. */
export function quantile(q: number, histogram: string, by: readonly string[] = [], matchers = ''): string {
  return `histogram_quantile(${q}, ${rate(`${histogram}_bucket`, [...by, 'le'], matchers)})`;
}

/** One value although several replicas report it. */
export function max(metric: string, by: readonly string[] = [], matchers = ''): string {
  return `max${grouping(by)} (${of(metric, matchers)})`;
}

export function sum(metric: string, by: readonly string[] = [], matchers = ''): string {
  return `sum${grouping(by)} (${of(metric, matchers)})`;
}

/** `part / whole`, and 0 where the whole exists but nothing of the part has ever happened. */
export function share(part: string, whole: string): string {
  return `(${part} / (${whole} > 0)) or 0 * ${whole}`;
}

function grouping(by: readonly string[]): string {
  return by.length === 0 ? '' : ` by (${by.join(', ')})`;
}
