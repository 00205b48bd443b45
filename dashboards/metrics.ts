import type { Catalogue, MetricKey } from '../otel/metrics/catalogue';
import { METRIC } from '../otel/metrics/names';

/** Names of the service's metrics by their key in the catalogue: a metric that is removed there breaks the build here. */
export const METRICS = Object.fromEntries(Object.entries(METRIC).map(([key, { name }]) => [key, name])) as {
  readonly [K in MetricKey]: Catalogue[K]['name'];
};
