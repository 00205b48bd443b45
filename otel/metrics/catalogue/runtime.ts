import { bounded, closed, metric } from './define';

const runtime = {
  source: 'sdk',
  fedBy: "L'instrumentation runtime-node d'OpenTelemetry.",
  stability: 'experimental',
  documented: false,
} as const;

/** What OpenTelemetry's runtime instrumentation adds and is worth a panel; the rest of it is dropped by views. */
export const runtimeMetrics = {
  eventLoopDelay: metric({
    ...runtime,
    name: 'nodejs_eventloop_delay_p99_seconds',
    otelName: 'nodejs.eventloop.delay.p99',
    kind: 'gauge',
    unit: 's',
    help: {
      fr: "Retard de la boucle d'événements, 99e centile depuis la lecture précédente, en secondes",
      en: 'Event loop delay, 99th percentile since the last scrape, in seconds',
    },
    labels: {},
    howToRead: 'Au-dessus de 0,1 s : quelque chose calcule dans le fil principal.',
  }),
  eventLoopUtilization: metric({
    ...runtime,
    name: 'nodejs_eventloop_utilization_ratio',
    otelName: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    unit: '1',
    help: {
      fr: "Part du temps où la boucle d'événements était occupée, de 0 à 1",
      en: 'Share of time in which the event loop was busy, 0 to 1',
    },
    labels: {},
    howToRead: 'Près de 1 : le fil principal est saturé, même si la machine a des cœurs libres.',
  }),
  gcDuration: metric({
    ...runtime,
    name: 'v8js_gc_duration_seconds',
    otelName: 'v8js.gc.duration',
    kind: 'histogram',
    unit: 's',
    help: {
      fr: 'Durée des ramasse-miettes du fil principal, par genre, en secondes',
      en: 'Garbage collections of the main thread, by kind, in seconds',
    },
    labels: { type: closed('minor', 'major', 'incremental', 'weakcb') },
    buckets: [0.001, 0.01, 0.1, 1],
    howToRead: 'Des major longs et fréquents : la mémoire est trop juste.',
  }),
  heapUsed: metric({
    ...runtime,
    name: 'v8js_memory_heap_used_bytes',
    otelName: 'v8js.memory.heap.used',
    kind: 'gauge',
    unit: 'By',
    help: {
      fr: 'Mémoire du tas V8 utilisée par le fil principal, par espace, en octets',
      en: 'V8 heap in use in the main thread, by space, in bytes',
    },
    labels: { space: bounded('Les espaces du tas de V8, une dizaine.') },
    howToRead: 'Distingue une fuite d’objets JavaScript (old_space) de la mémoire native.',
  }),
};
