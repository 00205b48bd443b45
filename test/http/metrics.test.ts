import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../support/database';
import { startTelemetryApp, type TelemetryApp } from '../support/telemetry-app';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let app: TelemetryApp;
let token: string;
beforeAll(async () => {
  database = await freshDatabase();
  app = await startTelemetryApp({ DATABASE_URL: database.url }, 'test/http/app');
  token = /^token (\S+)$/m.exec(app.output())![1]!;
});
afterAll(async () => {
  await app?.stop();
  await database.drop();
});

const NAME = 'sodav_http_requests_total';

test('every request is counted under its route and status, to the unit', async () => {
  const call = (method: string, path: string, body?: object, authorization = `Bearer ${token}`) =>
    fetch(`http://127.0.0.1:${app.port}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).then(async (answer) => {
      await answer.arrayBuffer();
      return answer.status;
    });
  const before = await app.scrape();
  const sent = new Map<string, number>();
  const uuid = '0193567e-0000-7000-8000-000000000000';
  const station = { name: 'A', url: 'http://radio.example/a' };
  const calls: [
    method: string,
    path: string,
    endpoint: string,
    status: number,
    body?: object,
    auth?: string,
  ][] = [
    ['POST', '/api/stations', '/api/stations', 201, station],
    ['POST', '/api/stations', '/api/stations', 409, station],
    ['POST', '/api/stations', '/api/stations', 400, {}],
    ['POST', '/api/stations', '/api/stations', 401, station, 'Bearer wrong'],
    ['GET', '/api/stations', '/api/stations', 200],
    ['GET', '/api/stations/1', '/api/stations/:id', 200],
    ['GET', '/api/stations/99', '/api/stations/:id', 404],
    ['GET', '/api/stations/x', '/api/stations/:id', 400],
    ['GET', '/api/stations/1/now', '/api/stations/:id/now', 200],
    ['PATCH', '/api/stations/1', '/api/stations/:id', 200, { paused: true }],
    ['DELETE', '/api/stations/1', '/api/stations/:id', 204],
    ['GET', '/api/plays?limit=3', '/api/plays', 200],
    ['GET', '/api/plays?limit=x', '/api/plays', 400],
    ['GET', '/api/plays.csv', '/api/plays.csv', 200],
    ['GET', `/api/plays/${uuid}`, '/api/plays/:id', 404],
    ['GET', '/api/tracks', '/api/tracks', 200],
    ['GET', '/api/artists', '/api/artists', 200],
    ['GET', '/api/reports/daily?day=2026-01-01', '/api/reports/daily', 200],
    ['GET', '/api/alerts', '/api/alerts', 200],
    ['GET', '/', '/', 200],
  ];
  for (const [method, path, endpoint, status, body, auth] of calls) {
    expect(await call(method, path, body, auth), `${method} ${path}`).toBe(status);
    const key = `${method} ${endpoint} ${status}`;
    sent.set(key, (sent.get(key) ?? 0) + 1);
  }
  // No route: one fixed value, whatever was asked for.
  for (const path of ['/nothing', '/api/none/5', '/api/%2e%2e/x']) await call('GET', path);
  await call('PUT', '/api/stations');

  const after = await app.scrape();
  const grown = (labels: Record<string, string>) => after.sum(NAME, labels) - before.sum(NAME, labels);
  for (const [key, count] of sent) {
    const [method, endpoint, status] = key.split(' ') as [string, string, string];
    expect(grown({ method, endpoint, status }), key).toBe(count);
  }
  const routes = new Set(calls.map(([, , endpoint]) => endpoint));
  const others = after
    .samples(NAME)
    .filter(({ labels, value }) => value > 0 && !routes.has(labels.endpoint!))
    .map(({ labels, value }) => [labels.endpoint, labels.status, value]);
  expect(new Set(others.map(([endpoint]) => endpoint)).size).toBe(1);
  expect(others.reduce((sum, [, , value]) => sum + (value as number), 0)).toBe(4);
  expect(grown({})).toBe(calls.length + 4);
  expect(after.sum('sodav_http_request_duration_seconds_count')).toBe(after.sum(NAME));
  expect(after.value('sodav_reports_generated_total', { format: 'json', status: 'success' })).toBe(1);
});
