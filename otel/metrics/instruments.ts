import { type Attributes, type Counter, diag, type Histogram, type Meter } from '@opentelemetry/api';
import { type CounterKey, definitions, type HistogramKey, type MetricLabels } from './catalogue';

/** Labels are asked for exactly where the metric has some. */
type LabelArguments<L> = keyof L extends never ? [] : [labels: L];

export interface CounterHandle<L> {
  /** Adds `n` ≥ 0, in the metric's unit. Never throws; a value that is not such a number is left out. */
  add(n: number, ...labels: LabelArguments<L>): void;
}

export interface HistogramHandle<L> {
  /** Records one value ≥ 0, in the metric's unit. Never throws; a value that is not such a number is left out. */
  record(value: number, ...labels: LabelArguments<L>): void;
}

type Instruments = {
  readonly [K in CounterKey]: CounterHandle<MetricLabels<K>>;
} & {
  readonly [K in HistogramKey]: HistogramHandle<MetricLabels<K>>;
};

const live = new Map<string, Counter | Histogram>();

function usable(key: string, value: number): boolean {
  if (value >= 0 && value !== Number.POSITIVE_INFINITY) return true;
  diag.error(`${key}: ${value} is no measurement`);
  return false;
}

function handle(key: string): CounterHandle<Attributes> & HistogramHandle<Attributes> {
  return {
    add: (n: number, labels?: Attributes) => {
      if (usable(key, n)) (live.get(key) as Counter | undefined)?.add(n, labels);
    },
    record: (value: number, labels?: Attributes) => {
      if (usable(key, value)) (live.get(key) as Histogram | undefined)?.record(value, labels);
    },
  };
}

const coded = definitions.filter(({ kind, source }) => source === 'code' && kind !== 'gauge');

/**
 * Every counter and histogram that code feeds, by its key in the catalogue: `instruments.detections.add(1, {…})`. A
 * label or value that the catalogue does not know does not compile. Without a started telemetry nothing happens.
 */
export const instruments = Object.fromEntries(
  coded.map(({ key }) => [key, handle(key)]),
) as unknown as Instruments;

/** Makes the instruments on a started SDK's meter; what was added before is not counted. */
export function connectInstruments(meter: Meter): void {
  for (const { key, kind, otelName, unit, help } of coded) {
    const options = { unit, description: help.fr };
    live.set(
      key,
      kind === 'counter' ? meter.createCounter(otelName, options) : meter.createHistogram(otelName, options),
    );
  }
}

export function disconnectInstruments(): void {
  live.clear();
}
