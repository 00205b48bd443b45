/** How a label is kept from growing without end: a closed set of values, or a reason in French. */
export type Label = ClosedLabel<string> | BoundedLabel;

export interface ClosedLabel<V extends string> {
  readonly values: readonly V[];
}

export interface BoundedLabel {
  /** Why the number of values stays small, for the documentation (French). */
  readonly bounded: string;
}

/** One metric family: everything that code, views, `/api/metrics` and the documentation say about it. */
export interface Definition {
  /** As served at `/api/metrics`. */
  readonly name: string;
  /** Name of the OpenTelemetry instrument that a view renames. */
  readonly otelName: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM: `s`, `By`, `1`, `{track}`. */
  readonly unit: string;
  readonly help: { readonly fr: string; readonly en: string };
  readonly labels: Readonly<Record<string, Label>>;
  /** Upper bounds of a histogram's buckets, in `unit`. */
  readonly buckets?: readonly number[];
  /**
   * Who makes the values: `code` calls an instrument, `collector` reads them at a scrape, `sdk` is an instrumentation of
   * OpenTelemetry (renamed by a view), `derived` is computed from an instrumentation's data (see reshape.ts).
   */
  readonly source: 'code' | 'collector' | 'sdk' | 'derived';
  /** Label sets served at zero from the first scrape; by default every combination when all labels are closed. */
  readonly initial?: readonly Readonly<Record<string, string>>[];
  /** What feeds it, and what to make of it, for people (French). */
  readonly fedBy: string;
  readonly howToRead: string;
  readonly stability: 'stable' | 'experimental';
  /** One of the families that the users' monitoring document names. */
  readonly documented: boolean;
}

/** Keeps the literal types of a definition, so that instruments are typed by it. */
export function metric<const D extends Definition>(definition: D): D {
  return definition;
}

export function closed<const V extends string>(...values: readonly V[]): ClosedLabel<V> {
  return { values };
}

export function bounded(reason: string): BoundedLabel {
  return { bounded: reason };
}

type LabelValue<L> = L extends { readonly values: readonly (infer V)[] } ? V : string;

/** The label set that a metric's instrument takes. */
export type LabelsOf<D extends Definition> = {
  readonly [K in keyof D['labels']]: LabelValue<D['labels'][K]>;
};

/** Seconds; from a millisecond to what a person does not wait for. */
export const LATENCY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;
