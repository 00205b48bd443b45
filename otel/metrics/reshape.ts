import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type HistogramMetricData,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { knownRoutes } from '../http/route-labels';
import { helperMemory, type UsageWindow } from '../processes';
import { catalogue, definitions, type MetricKey } from './catalogue';
import type { Definition } from './catalogue/define';

/**
 * What a view cannot do, in one place, for every reader of metrics alike:
 * - the HTTP histogram, recorded once by method, endpoint and status, gives the documented counter (its count) and the
 *   documented histogram (its sum over status), so that the two agree to the unit;
 * - CPU seconds become a percentage and helper processes are added;
 * - label sets that are known beforehand are there at zero, and every family at least with its help and type.
 */
export function reshape(collected: ResourceMetrics, usage: UsageWindow): ResourceMetrics {
  const metrics = collected.scopeMetrics.flatMap((scope) => scope.metrics).flatMap((m) => derive(m, usage));
  const byName = new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
  const ordered = definitions.map((definition) => complete(definition, byName.get(definition.name)));
  const known = new Set(definitions.map(({ name }) => name));
  const others = metrics.filter((metric) => !known.has(metric.descriptor.name));
  return {
    resource: collected.resource,
    scopeMetrics: [{ scope: { name: 'sodav' }, metrics: [...ordered, ...others] }],
  };
}

function derive(metric: MetricData, usage: UsageWindow): MetricData[] {
  switch (metric.descriptor.name) {
    case catalogue.httpDuration.name:
      return metric.dataPointType === DataPointType.HISTOGRAM ? splitHttp(metric) : [metric];
    case catalogue.cpuUsage.otelName: {
      const points = metric.dataPoints as DataPoint<number>[];
      const seconds = points.reduce((sum, point) => sum + point.value, 0);
      return [gauge('cpuUsage', usage.cpuPercent(seconds), points[0])];
    }
    case catalogue.memoryUsage.otelName: {
      const points = metric.dataPoints as DataPoint<number>[];
      const own = points[0]?.value;
      return own === undefined ? [] : [gauge('memoryUsage', own + helperMemory(), points[0])];
    }
    default:
      return [metric];
  }
}

function splitHttp(metric: HistogramMetricData): MetricData[] {
  const counts: DataPoint<number>[] = [];
  const durations = new Map<string, DataPoint<Histogram>>();
  for (const point of metric.dataPoints) {
    const { method, endpoint, status } = point.attributes;
    counts.push({ ...point, attributes: { method, endpoint, status }, value: point.value.count });
    const labels = key(point.attributes, ['method', 'endpoint']);
    const merged = durations.get(labels);
    durations.set(labels, {
      ...point,
      attributes: { method, endpoint },
      value: merged ? add(merged.value, point.value) : point.value,
    });
  }
  return [empty(catalogue.httpRequests, counts), { ...metric, dataPoints: [...durations.values()] }];
}

function add(a: Histogram, b: Histogram): Histogram {
  return {
    sum: (a.sum ?? 0) + (b.sum ?? 0),
    count: a.count + b.count,
    buckets: {
      boundaries: a.buckets.boundaries,
      counts: a.buckets.counts.map((n, i) => n + (b.buckets.counts[i] ?? 0)),
    },
  };
}

function gauge(metric: MetricKey, value: number, like: DataPoint<number> | undefined): MetricData {
  const now = millisToHrTime(Date.now());
  return empty(catalogue[metric], [
    { startTime: like?.startTime ?? now, endTime: like?.endTime ?? now, attributes: {}, value },
  ]);
}

/** Equal for equal values of these labels; asked for every point of every scrape. */
function key(attributes: Attributes, names: readonly string[]): string {
  let joined = '';
  for (const name of names) joined += `${attributes[name]}\u0000`;
  return joined;
}

/** A family with these points, none by default. */
function empty(definition: Definition, points: readonly unknown[] = []): MetricData {
  const base = {
    descriptor: {
      name: definition.name,
      description: definition.help.fr,
      unit: definition.unit,
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: points as never[],
  };
  if (definition.kind === 'counter') return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true };
  if (definition.kind === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE };
  return { ...base, dataPointType: DataPointType.HISTOGRAM };
}

function complete(definition: Definition, found: MetricData | undefined): MetricData {
  const metric = found ?? empty(definition);
  // A gauge that nobody has read is absent, never zero.
  if (definition.kind === 'gauge') return metric;
  const initial = initialLabels(definition);
  if (initial.length === 0) return metric;
  const names = Object.keys(definition.labels);
  const present = new Set(metric.dataPoints.map((point) => key(point.attributes, names)));
  const now = millisToHrTime(Date.now());
  const zeros = initial
    .filter((labels) => !present.has(key(labels, names)))
    .map((labels) => zeroPoint(definition, labels, now));
  return { ...metric, dataPoints: [...metric.dataPoints, ...zeros] } as MetricData;
}

function zeroPoint(definition: Definition, attributes: Attributes, at: HrTime): DataPoint<unknown> {
  const boundaries = [...(definition.buckets ?? [])];
  const value =
    definition.kind === 'counter'
      ? 0
      : { sum: 0, count: 0, buckets: { boundaries, counts: new Array(boundaries.length + 1).fill(0) } };
  return { startTime: at, endTime: at, attributes, value };
}

const closedSets = new Map<string, readonly Attributes[]>();

/** Label sets that are served from the first scrape on. */
function initialLabels(definition: Definition): readonly Attributes[] {
  if (definition.name === catalogue.httpRequests.name) {
    return [...(definition.initial ?? []), ...knownRoutes().map((route) => ({ ...route, status: '200' }))];
  }
  if (definition.name === catalogue.httpDuration.name) {
    return [...(definition.initial ?? []), ...knownRoutes()];
  }
  if (definition.initial) return definition.initial;
  const known = closedSets.get(definition.name);
  if (known) return known;
  let sets: Attributes[] = [{}];
  for (const [name, label] of Object.entries(definition.labels)) {
    const values = 'values' in label ? label.values : [];
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
  }
  closedSets.set(definition.name, sets);
  return sets;
}
