import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exposition } from '../support/telemetry';
import { eventually, otlpReceiver, startTelemetryApp, type TelemetryApp } from '../support/telemetry-app';

const agent = new Agent({ keepAlive: true, maxSockets: 4 });
afterAll(() => agent.destroy());

type Key = `${string} ${string} ${number}`;

let app: TelemetryApp;
let receiver: Awaited<ReturnType<typeof otlpReceiver>>;

async function send(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const message = request({ agent, port: app.port, host: '127.0.0.1', method, path, headers });
  message.end();
  const [response] = await once(message, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

/** Requests that the clients have sent, by what the counter must say of each. */
class Truth {
  readonly counts = new Map<Key, number>();

  async sent(key: Key, method: string, path: string, headers?: Record<string, string>) {
    expect(`${await send(method, path, headers)}`).toBe(key.split(' ')[2]);
    this.add(key);
  }

  add(key: Key, n = 1) {
    this.counts.set(key, (this.counts.get(key) ?? 0) + n);
  }
}

function counted(exposition: Exposition): Record<string, number> {
  return Object.fromEntries(
    exposition
      .samples('sodav_http_requests_total')
      .filter(({ value }) => value > 0)
      .map(({ labels: { method, endpoint, status }, value }) => [`${method} ${endpoint} ${status}`, value])
      .sort(),
  );
}

/** Everything that the clients did arrives in the counter, and nothing else does. */
async function expectTruth(truth: Truth): Promise<Exposition> {
  const expected = Object.fromEntries([...truth.counts].sort());
  const total = [...truth.counts.values()].reduce((a, b) => a + b, 0);
  let last: Exposition | undefined;
  // A response's end reaches the server a little later than the client.
  await eventually(async () => {
    last = await app.scrape();
    return last.sum('sodav_http_requests_total') >= total;
  }, 30_000).catch(() => undefined);
  expect(counted(last!)).toEqual(expected);
  for (const { labels, value } of last!.samples('sodav_http_request_duration_seconds_count')) {
    const { method, endpoint } = labels as { method: string; endpoint: string };
    expect(value, `${method} ${endpoint}`).toBe(last!.sum('sodav_http_requests_total', { method, endpoint }));
  }
  return last!;
}

describe.each([
  ['metrics only', {}],
  ['metrics only, labels in routers', { LABELS: 'router' }],
  ['with traces', { OTEL_TRACES_EXPORTER: 'otlp' }],
  ['with traces, labels in routers', { OTEL_TRACES_EXPORTER: 'otlp', LABELS: 'router' }],
] as [string, Record<string, string>][])('requests = counter, %s', (_name, environment) => {
  beforeAll(async () => {
    receiver = await otlpReceiver();
    app = await startTelemetryApp({
      ...environment,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    });
  });
  afterAll(async () => {
    const code = await app.stop();
    receiver.close();
    expect(code).toBe(0);
  });
  const truth = new Truth();

  test('every status, and the route template in every difficult case', async () => {
    const both = async (...args: Parameters<Truth['sent']>) => {
      await truth.sent(...args);
      await truth.sent(...args);
    };
    await both('GET /ok/:id 200', 'GET', '/ok/7?page=2');
    await both('HEAD /ok/:id 200', 'HEAD', '/ok/8');
    await both('POST /made 201', 'POST', '/made');
    await both('PUT /bad 400', 'PUT', '/bad');
    await both('GET /broken 500', 'GET', '/broken');
    await both('GET /shared/one 200', 'GET', '/shared/one');
    await both('GET /shared/two/:id 200', 'GET', '/shared/two/1');
    await both('GET /late/:id 200', 'GET', '/late/1');
    await both('GET /either/:which 404', 'GET', '/either/other');
    await both('GET /either/plain 200', 'GET', '/either/plain');
    await both('GET /nested/items/:id 200', 'GET', '/nested/items/9');
    await both('GET /guarded/shared/:id 401', 'GET', '/guarded/shared/1');
    await both('GET /guarded/shared/:id 200', 'GET', '/guarded/shared/1', { 'x-key': 'right' });
    await both('GET /guarded/own 401', 'GET', '/guarded/own');
    await both('GET /outside 200', 'GET', '/outside');
    // No match: one value, whatever was asked for.
    await both('GET unmatched 404', 'GET', '/nothing/here');
    await both('GET unmatched 404', 'GET', '/%E0%A4%A');
    await both('DELETE unmatched 405', 'DELETE', '/ok/7');
    await both('OPTIONS unmatched 200', 'OPTIONS', '/ok/7');
    await both('OTHER unmatched 501', 'PURGE', '/ok/7');
    await expectTruth(truth);
  });

  test('concurrent requests', async () => {
    const paths = Array.from({ length: 200 }, (_, i) => (i % 2 ? '/shared/one' : `/ok/${i}`));
    await Promise.all(
      paths.map((path) =>
        truth.sent(path === '/shared/one' ? 'GET /shared/one 200' : 'GET /ok/:id 200', 'GET', path),
      ),
    );
    await expectTruth(truth);
  });

  test('pipelined requests keep each its own route', async () => {
    const socket = connect(app.port, '127.0.0.1');
    const paths = ['/slow/150', '/ok/1', '/broken', '/shared/two/2', '/ok/2'];
    socket.write(
      paths
        .map((path, i) => {
          const last = i === paths.length - 1 ? 'Connection: close\r\n' : '';
          return `GET ${path} HTTP/1.1\r\nHost: x\r\n${last}\r\n`;
        })
        .join(''),
    );
    socket.resume();
    await once(socket, 'close');
    truth.add('GET /slow/:ms 200');
    truth.add('GET /ok/:id 200', 2);
    truth.add('GET /broken 500');
    truth.add('GET /shared/two/:id 200');
    await expectTruth(truth);
  });

  test('a client that goes away before the answer: its own status, under its route', async () => {
    for (let i = 0; i < 5; i++) {
      const socket = connect(app.port, '127.0.0.1');
      await once(socket, 'connect');
      // Long enough that the client has gone before, however late the server gets to run.
      socket.write('GET /slow/2000 HTTP/1.1\r\nHost: x\r\n\r\n');
      setTimeout(() => socket.destroy(), 60);
      await once(socket, 'close');
      truth.add('GET /slow/:ms 499');
    }
    await expectTruth(truth);
  });

  test('scrapes and health checks are not counted, with a query string neither', async () => {
    await send('GET', '/api/metrics?name=x');
    await send('GET', '/health/live?x=1');
    await expectTruth(truth);
  });

  test('traces only where they are asked for', async () => {
    if (!('OTEL_TRACES_EXPORTER' in environment)) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(receiver.received).toEqual([]);
      return;
    }
    const names = () => receiver.received.flatMap(({ body }) => spanNames(body));
    await eventually(() => names().includes('GET /shared/two/:id'));
    expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/v1/traces']));
  });
});

function spanNames(body: Buffer): string[] {
  const parsed = JSON.parse(body.toString()) as {
    resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
  };
  return parsed.resourceSpans.flatMap((resource) =>
    resource.scopeSpans.flatMap((scope) => scope.spans.map(({ name }) => name)),
  );
}
