import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type ContextManager, metrics, ROOT_CONTEXT } from '@opentelemetry/api';
import { HostMetrics } from '@opentelemetry/host-metrics';
import { exportSettings } from './environment';
import { instrumentations } from './instrumentations';
import { connectCollectors } from './metrics/collectors';
import { MetricsExporter, PushReader } from './metrics/exporter';
import { connectInstruments, disconnectInstruments } from './metrics/instruments';
import { views } from './metrics/views';
import { type Sdk, startMetricsSdk, startWholeSdk, wantsWholeSdk } from './sdk';

interface Telemetry {
  readonly exporter: MetricsExporter;
  readonly sdk: Sdk;
}

let started: Telemetry | undefined;

/**
 * Starts the SDK, once per process: instrumentations, host metrics, views, exporters. Must run before `http`, `koa`,
 * `knex` are loaded (`node --require ./dist/otel/bootstrap.js`). Traces, and metrics elsewhere than at `/api/metrics`,
 * only where the standard OTEL_* variables ask for them.
 * @throws TelemetryConfigError for OTEL_* variables that mean nothing
 */
export function startTelemetry(): void {
  if (started) return;
  const settings = exportSettings(process.env);
  const whole = wantsWholeSdk(process.env);
  // Their defaults are "on", towards a collector that most installations do not have.
  process.env.OTEL_TRACES_EXPORTER ||= 'none';
  process.env.OTEL_LOGS_EXPORTER ||= 'none';
  const exporter = new MetricsExporter();
  const push = settings.metrics
    ? [
        new PushReader({
          exporter: otlpExporter(),
          exportIntervalMillis: settings.metricsIntervalMs,
          exportTimeoutMillis: Math.min(settings.metricsIntervalMs, 10_000),
        }),
      ]
    : [];
  const parts = {
    serviceName: process.env.OTEL_SERVICE_NAME ? undefined : 'sodav-monitor',
    metricReaders: [exporter, ...push],
    views: views(),
    instrumentations: instrumentations({ traces: settings.traces }),
  };
  const sdk = whole
    ? // Contexts are for spans: without them nothing needs to follow a request through its callbacks.
      startWholeSdk(parts, settings.traces ? {} : { contextManager: noContexts(), textMapPropagator: null })
    : startMetricsSdk(parts);
  // Patches take hold when the module is next required; under `--require` nobody has done so yet.
  createRequire(__filename)('http');
  new HostMetrics({ metricGroups: ['process.cpu', 'process.memory'] }).start();
  const meter = metrics.getMeter('sodav');
  connectInstruments(meter);
  connectCollectors(meter, { version: version(), startedAtMs: performance.timeOrigin });
  started = { exporter, sdk };
}

/**
 * The service's metrics in Prometheus' text format.
 * @param options.fresh not the text of a scrape a moment ago: for tests that count
 * @throws when telemetry has not been started, or cannot collect in time
 */
export async function renderMetrics(options: { fresh?: boolean } = {}): Promise<string> {
  if (!started) throw new Error('telemetry has not been started');
  return started.exporter.render(options);
}

/** Sends what is still to be sent and stops; nothing is measured afterwards. */
export async function shutdownTelemetry(): Promise<void> {
  const running = started;
  started = undefined;
  disconnectInstruments();
  await running?.sdk.shutdown();
}

/** Loaded where it is asked for only: it brings protocol buffers. */
function otlpExporter() {
  const name = '@opentelemetry/exporter-metrics-otlp-proto';
  const { OTLPMetricExporter } = require(name) as typeof import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter();
}

/** OpenTelemetry's own default, when none is set: everything happens in the root context. */
function noContexts(): ContextManager {
  const manager: ContextManager = {
    active: () => ROOT_CONTEXT,
    with: (_context, fn, thisArg, ...args) => fn.call(thisArg as never, ...args),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

/** The service's version, from the package.json above this file. */
function version(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
    } catch (error) {
      if (dirname(folder) === folder) throw error;
    }
  }
}
