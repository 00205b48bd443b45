import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownRoutes } from '../../otel/http/route-labels';
import { startApp, type TestApp } from '../../test/support/http-app';
import { projectRoot } from '../paths';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

test('docs/api.md names every route, and no other', () => {
  const documented = readFileSync(join(projectRoot, 'docs/api.md'), 'utf8')
    .split('\n')
    .flatMap((line) => /^\| `([A-Z]+ \/\S*)`/.exec(line)?.[1] ?? []);
  const served = knownRoutes().map(({ method, endpoint }) => `${method} ${endpoint}`);
  // The metrics do not count requests for themselves, so that they do not name their own routes.
  const unnamed = documented.filter((route) => !served.includes(route));
  expect(served.filter((route) => !documented.includes(route))).toEqual([]);
  expect(unnamed.filter((route) => !/^GET \/(api\/metrics|health\/)/.test(route))).toEqual([]);
});

test('every answer is marked against sniffing, framing and caching, and carries an id that the log knows', async () => {
  for (const path of ['/', '/api/stations', '/nothing']) {
    const answer = await app.call(path);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const requestId = answer.headers.get('x-request-id');
    await expect
      .poll(() => app.logged.find((line) => line.requestId === requestId))
      .toMatchObject({ msg: 'requête', path, status: answer.status });
  }
});

test('what people search for is not logged', async () => {
  await app.call('/api/plays?q=un-nom-secret');
  expect(JSON.stringify(app.logged)).not.toContain('un-nom-secret');
});

test('metrics without telemetry: 503 with the reason, no error of ours', async () => {
  const answer = await fetch(`${app.url}/api/metrics`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain('telemetry has not been started');
});
