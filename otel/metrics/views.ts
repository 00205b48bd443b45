import { AggregationType, type IAttributesProcessor, type ViewOptions } from '@opentelemetry/sdk-metrics';
import { httpAttributes } from '../http/labels';
import { definitions } from './catalogue';
import type { Definition } from './catalogue/define';

/** Attributes that an instrumentation names otherwise than the catalogue. */
const RENAMED: Record<string, Record<string, string>> = {
  'v8js.gc.duration': { 'v8js.gc.type': 'type' },
  'v8js.memory.heap.used': { 'v8js.heap.space.name': 'space' },
};

/** Instruments of the SDK's instrumentations that the catalogue leaves out, and why. */
const DROPPED = [
  'http.client.request.duration', // two meters, no service name; sodav_external_api_* is kept by our own wrapper
  'db.client.operation.duration', // without the table; sodav_db_query_duration_seconds has it
  'db.client.connection.count', // of pg-pool, which knex does not use
  'db.client.connection.pending_requests',
  'process.cpu.utilization', // keeps state between reads: sodav_cpu_usage_percent is made of process.cpu.time
  'nodejs.eventloop.delay.min', // one percentile says it
  'nodejs.eventloop.delay.max',
  'nodejs.eventloop.delay.mean',
  'nodejs.eventloop.delay.stddev',
  'nodejs.eventloop.delay.p50',
  'nodejs.eventloop.delay.p90',
  'nodejs.eventloop.time', // the utilization says it
  'v8js.memory.heap.space.size', // heap.used says it
  'v8js.memory.heap.space.available_size',
  'v8js.memory.heap.space.physical_size',
  'v8js.resource.active',
];

function processors(definition: Definition): IAttributesProcessor[] | undefined {
  if (definition.otelName === 'http.server.request.duration') return [httpAttributes];
  const names = RENAMED[definition.otelName];
  if (names === undefined) return undefined;
  return [
    {
      process: (incoming) =>
        Object.fromEntries(
          Object.entries(names).flatMap(([from, to]) => {
            const value = incoming[from];
            return value === undefined ? [] : [[to, value]];
          }),
        ),
    },
  ];
}

/** Gives OpenTelemetry's instruments the documented names, help, labels and buckets. */
export function views(): ViewOptions[] {
  const renamed = definitions
    .filter(({ source }) => source !== 'derived')
    .map((definition): ViewOptions => {
      const attributesProcessors = processors(definition);
      return {
        instrumentName: definition.otelName,
        name: definition.name,
        description: definition.help.fr,
        ...(attributesProcessors && { attributesProcessors }),
        ...(definition.buckets && {
          aggregation: {
            type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
            options: { boundaries: [...definition.buckets], recordMinMax: false },
          },
        }),
      };
    });
  const dropped = DROPPED.map(
    (instrumentName): ViewOptions => ({ instrumentName, aggregation: { type: AggregationType.DROP } }),
  );
  return [...renamed, ...dropped];
}
