import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freshDatabase } from '../support/database';
import { eventually, otlpReceiver, startTelemetryApp, type TelemetryApp } from '../support/telemetry-app';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

function closing<T extends object>(thing: T, close: (thing: T) => unknown): T {
  open.push({ close: () => close(thing) });
  return thing;
}

interface Span {
  name: string;
  traceId: string;
  scope: string;
}

function spans(received: readonly { path: string; body: Buffer }[]): Span[] {
  return received
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ body }) => JSON.parse(body.toString()).resourceSpans)
    .flatMap((resource) => resource.scopeSpans)
    .flatMap((scope) => scope.spans.map((span: Span) => ({ ...span, scope: scope.scope.name })));
}

const stop = (app: TelemetryApp) => app.stop();

test('metrics by OTLP, under the same names', async () => {
  const receiver = closing(await otlpReceiver(), (it) => it.close());
  const app = closing(
    await startTelemetryApp({
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    }),
    stop,
  );
  await fetch(`http://127.0.0.1:${app.port}/ok/1`);
  await eventually(() => receiver.received.some(({ body }) => body.includes('/ok/:id')));
  const { body } = receiver.received.at(-1)!;
  for (const name of [
    'sodav_http_requests_total',
    'sodav_http_request_duration_seconds',
    'sodav_cpu_usage_percent',
  ]) {
    expect(body.includes(name), name).toBe(true);
  }
  expect(body.includes('sodav-monitor')).toBe(true);
  expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/v1/metrics']));
  // Two readers do not disturb each other.
  const exposition = await app.scrape();
  expect(exposition.value('sodav_http_requests_total', { endpoint: '/ok/:id', method: 'GET' })).toBe(1);
  expect(exposition.value('sodav_cpu_usage_percent')).toBeGreaterThanOrEqual(0);
});

test('traces by OTLP: HTTP, Koa, knex, pg and outgoing calls in one trace, and its id in the log', async () => {
  const receiver = closing(await otlpReceiver(), (it) => it.close());
  const database = closing(await freshDatabase(), (it) => it.drop());
  const app = closing(
    await startTelemetryApp({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      DATABASE_URL: database.url,
    }),
    stop,
  );
  const called: (string | undefined)[] = [];
  const other = closing(
    createServer((request, response) => {
      called.push(request.headers.traceparent as string | undefined);
      response.end('called');
    }).listen(0, '127.0.0.1'),
    (it) => it.close(),
  );
  const url = `http://127.0.0.1:${app.port}`;
  expect((await fetch(`${url}/ok/1`)).status).toBe(200);
  expect((await fetch(`${url}/database`)).status).toBe(200);
  const answer = await fetch(`${url}/calls/${(other.address() as AddressInfo).port}`);
  expect(await answer.text()).toBe('called');

  const find = (name: string) => spans(receiver.received).find((span) => span.name === name);
  await eventually(() => Boolean(find('GET /ok/:id') && find('GET /database') && find('GET /calls/:port')));
  const scopesOf = (root: Span) =>
    new Set(
      spans(receiver.received)
        .filter(({ traceId }) => traceId === root.traceId)
        .map(({ scope }) => scope.replace('@opentelemetry/instrumentation-', '')),
    );
  expect([...scopesOf(find('GET /database')!)]).toEqual(
    expect.arrayContaining(['http', 'koa', 'knex', 'pg']),
  );
  expect([...scopesOf(find('GET /calls/:port')!)]).toEqual(expect.arrayContaining(['http', 'undici']));
  expect(called[0]).toContain(find('GET /calls/:port')!.traceId);
  const line = app
    .output()
    .split('\n')
    .find((text) => text.includes('answering'));
  expect(JSON.parse(line!)).toMatchObject({ trace_id: find('GET /ok/:id')!.traceId });
});

test('a receiver that is not there hurts nothing', async () => {
  const app = closing(
    await startTelemetryApp({
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    }),
    stop,
  );
  expect((await fetch(`http://127.0.0.1:${app.port}/ok/1`)).status).toBe(200);
  const exposition = await app.scrape();
  expect(exposition.value('sodav_http_requests_total', { endpoint: '/ok/:id', method: 'GET' })).toBe(1);
});
