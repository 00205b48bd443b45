import type { IncomingMessage, ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isIgnoredPath } from './http/ignored';
import { rememberExchange } from './http/labels';

/** The path alone decides: a query string changes nothing. */
export function ignored(request: IncomingMessage): boolean {
  return isIgnoredPath((request.url ?? '').split('?', 1)[0]!);
}

/**
 * The SDK's instrumentations: HTTP and runtime always, the others only with traces, because they make nothing but spans
 * (or metrics that the catalogue leaves out). OTEL_NODE_ENABLED_INSTRUMENTATIONS, when set, decides instead.
 */
export function instrumentations(options: { traces: boolean }): Instrumentation[] {
  const names = options.traces
    ? ['http', 'runtime-node', 'koa', 'router', 'knex', 'pg', 'undici', 'pino']
    : ['http', 'runtime-node'];
  const chosen = process.env.OTEL_NODE_ENABLED_INSTRUMENTATIONS;
  process.env.OTEL_NODE_ENABLED_INSTRUMENTATIONS = chosen ?? names.join(',');
  try {
    return getNodeAutoInstrumentations({
      '@opentelemetry/instrumentation-http': {
        ignoreIncomingRequestHook: ignored,
        disableOutgoingRequestInstrumentation: !options.traces,
        responseHook: (_span, response) => rememberExchange(context.active(), response as ServerResponse),
      },
      '@opentelemetry/instrumentation-pino': { disableLogSending: true },
    }) as Instrumentation[];
  } finally {
    if (chosen === undefined) delete process.env.OTEL_NODE_ENABLED_INSTRUMENTATIONS;
  }
}
