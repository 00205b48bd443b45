import type { ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { ignored, MetricsOnlyHttpInstrumentation } from './http/instrumentation';
import { rememberExchange } from './http/labels';
import { wantSpans } from './http/spans';

/**
 * The SDK's instrumentations: HTTP and runtime always, the others only with traces, because they make nothing but spans
 * (or metrics that the catalogue leaves out). Without traces HTTP's is the lean one.
 */
export function instrumentations(options: { traces: boolean }): Instrumentation[] {
  wantSpans(options.traces);
  return options.traces
    ? bundle(['runtime-node', 'http', 'koa', 'knex', 'pg', 'undici', 'pino'])
    : [new MetricsOnlyHttpInstrumentation(), new RuntimeNodeInstrumentation()];
}

/** These of the auto-instrumentations' bundle, which takes its choice from the environment only. */
function bundle(names: readonly string[]): Instrumentation[] {
  // Loaded here only: it brings the instrumentations of forty programs that we do not use.
  const { getNodeAutoInstrumentations } =
    require('@opentelemetry/auto-instrumentations-node') as typeof import('@opentelemetry/auto-instrumentations-node');
  const variable = 'OTEL_NODE_ENABLED_INSTRUMENTATIONS';
  const before = process.env[variable];
  process.env[variable] = names.join(',');
  try {
    return getNodeAutoInstrumentations({
      '@opentelemetry/instrumentation-http': {
        ignoreIncomingRequestHook: ignored,
        responseHook: (_span, response) => rememberExchange(context.active(), response as ServerResponse),
      },
      '@opentelemetry/instrumentation-pino': { disableLogSending: true },
    }) as Instrumentation[];
  } finally {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  }
}
