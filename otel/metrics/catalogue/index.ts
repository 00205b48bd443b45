import { captureMetrics } from './capture';
import { databaseMetrics } from './database';
import type { Definition, LabelsOf } from './define';
import { detectionMetrics } from './detection';
import { externalApiMetrics } from './external-api';
import { httpMetrics } from './http';
import { playMetrics } from './plays';
import { recognitionMetrics } from './recognition';
import { runtimeMetrics } from './runtime';
import { stationMetrics } from './stations';
import { systemMetrics } from './system';

/**
 * Every metric of the service, by key: the only place where one is declared. Instruments, views, `/api/metrics`,
 * docs/metriques.md and the dashboards' names derive from it.
 */
export const catalogue = {
  ...httpMetrics,
  ...detectionMetrics,
  ...databaseMetrics,
  ...externalApiMetrics,
  ...systemMetrics,
  ...stationMetrics,
  ...captureMetrics,
  ...recognitionMetrics,
  ...playMetrics,
  ...runtimeMetrics,
} as const;

export type Catalogue = typeof catalogue;
export type MetricKey = keyof Catalogue;

/** Keys whose values the code gives, or a collector, by kind. */
export type CounterKey = {
  [K in MetricKey]: Catalogue[K] extends { kind: 'counter'; source: 'code' } ? K : never;
}[MetricKey];
export type HistogramKey = {
  [K in MetricKey]: Catalogue[K] extends { kind: 'histogram'; source: 'code' } ? K : never;
}[MetricKey];
export type GaugeKey = {
  [K in MetricKey]: Catalogue[K] extends { kind: 'gauge'; source: 'collector' } ? K : never;
}[MetricKey];

export type MetricLabels<K extends MetricKey> = LabelsOf<Catalogue[K]>;

/** The chapters of the documentation, in its order. */
export const CHAPTERS: readonly { readonly title: string; readonly metrics: Record<string, Definition> }[] = [
  { title: 'Métriques HTTP', metrics: httpMetrics },
  { title: 'Métriques de détection', metrics: detectionMetrics },
  { title: 'Métriques de base de données', metrics: databaseMetrics },
  { title: "Métriques d'API externes", metrics: externalApiMetrics },
  { title: 'Métriques système', metrics: systemMetrics },
  { title: 'Stations', metrics: stationMetrics },
  { title: 'Capture', metrics: captureMetrics },
  { title: 'Reconnaissance', metrics: recognitionMetrics },
  { title: 'Diffusions', metrics: playMetrics },
  { title: 'Node.js', metrics: runtimeMetrics },
];

/** Every definition with its key, in the documentation's order. */
export const definitions: readonly (Definition & { readonly key: MetricKey })[] = CHAPTERS.flatMap(
  ({ metrics }) =>
    Object.entries(metrics).map(([key, definition]) => ({ ...definition, key: key as MetricKey })),
);
