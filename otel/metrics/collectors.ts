import { type Attributes, diag, type Meter, type ObservableGauge } from '@opentelemetry/api';
import { catalogue, definitions, type GaugeKey, type MetricLabels } from './catalogue';

/** Tells one value of a gauge; only gauges that the collector has named. */
export type Observe<K extends GaugeKey> = <M extends K>(
  key: M,
  value: number,
  ...labels: keyof MetricLabels<M> extends never ? [] : [labels: MetricLabels<M>]
) => void;

/** Reads gauges from somewhere (a table, a queue) whenever metrics are scraped. */
export interface Collector<K extends GaugeKey> {
  /** The `collector` label of sodav_collector_success. */
  readonly name: string;
  /** The gauges that it gives. */
  readonly metrics: readonly K[];
  /** After this time the reading is given up, ms; at most 1500, so that a scrape ends in time. */
  readonly timeoutMs?: number;
  /** May throw or reject: then its gauges are absent from this scrape. */
  collect(observe: Observe<K>): void | Promise<void>;
}

const LONGEST_TIMEOUT_MS = 1_500;

type Observation = readonly [key: GaugeKey, value: number, labels: Attributes];

interface Reading {
  readonly observations: readonly Observation[];
  readonly success: boolean;
  readonly seconds: number;
}

class Registered {
  #running: Promise<Observation[]> | undefined;

  constructor(private readonly collector: Collector<GaugeKey>) {}

  get name(): string {
    return this.collector.name;
  }

  /** Reads once; a reading that still hangs from before is waited for, never started twice. */
  async read(): Promise<Reading> {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    try {
      this.#running ??= this.#collect().finally(() => {
        this.#running = undefined;
      });
      const timeout = Math.min(this.collector.timeoutMs ?? LONGEST_TIMEOUT_MS, LONGEST_TIMEOUT_MS);
      const observations = await within(timeout, this.#running);
      return { observations, success: true, seconds: seconds() };
    } catch (error) {
      diag.warn(`collector ${this.name} failed`, error);
      return { observations: [], success: false, seconds: seconds() };
    }
  }

  async #collect(): Promise<Observation[]> {
    const observations: Observation[] = [];
    const observe = (key: GaugeKey, value: number, labels: Attributes = {}) => {
      if (!this.collector.metrics.includes(key)) throw new Error(`${this.name} has not named ${key}`);
      if (!Number.isFinite(value)) throw new Error(`${key} = ${value}`);
      observations.push([key, value, labels]);
    };
    await this.collector.collect(observe as Observe<GaugeKey>);
    return observations;
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const registered = new Set<Registered>();

/**
 * Reads these gauges at every scrape, before or after telemetry has started. A collector that fails or is late leaves
 * its series absent and says so in sodav_collector_success; it never fails the scrape.
 * @returns takes the collector away again
 */
export function registerCollector<const K extends GaugeKey>(collector: Collector<K>): () => void {
  const entry = new Registered(collector as unknown as Collector<GaugeKey>);
  if ([...registered].some(({ name }) => name === collector.name)) {
    throw new Error(`a collector ${collector.name} is registered already`);
  }
  registered.add(entry);
  return () => registered.delete(entry);
}

/** Makes the gauges on a started SDK's meter. */
export function connectCollectors(meter: Meter, build: { version: string; startedAtMs: number }): void {
  const gauges = new Map<GaugeKey, ObservableGauge>();
  for (const { key, source, otelName, unit, help } of definitions) {
    if (source !== 'collector') continue;
    gauges.set(key as GaugeKey, meter.createObservableGauge(otelName, { unit, description: help.fr }));
  }
  meter.addBatchObservableCallback(
    async (result) => {
      const tell = (key: GaugeKey, value: number, labels: Attributes) =>
        result.observe(gauges.get(key)!, value, labels);
      tell('buildInfo', 1, { version: build.version, node: process.version });
      tell('processStart', build.startedAtMs / 1000, {});
      const readings = await Promise.all(
        [...registered].map(async (collector) => ({ collector, reading: await collector.read() })),
      );
      for (const { collector, reading } of readings) {
        for (const [key, value, labels] of reading.observations) tell(key, value, labels);
        tell('collectorSuccess', reading.success ? 1 : 0, { collector: collector.name });
        tell('collectorDuration', reading.seconds, { collector: collector.name });
      }
    },
    [...gauges.values()],
  );
}

/** For queries and tests: the exposed name of a key. */
export function nameOf(key: keyof typeof catalogue): string {
  return catalogue[key].name;
}
