import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../test/support/http-app';
import { createApp } from '../app';
import { type Listener, listen } from '../listen';
import { isLoopback, isOwnHost, isPrivate } from '../network';
import { ensureToken, tokenHash } from '../tokens';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

/** A request as written: `fetch` does not let a Host header be chosen. */
function raw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, body, headers: answer.headers }));
    });
    sent.on('error', reject).end();
  });
}

const station = JSON.stringify({ name: 'X', url: 'http://radio.example/x' });
const post = (headers: Record<string, string>) =>
  fetch(`${app.url}/api/stations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: station,
  });

describe('writing', () => {
  test.each([
    ['no token', {}],
    ['a wrong token', { Authorization: `Bearer sodav_${'x'.repeat(43)}` }],
    ['an empty token', { Authorization: 'Bearer ' }],
    ['a hash instead of the token', { Authorization: 'HASH' }],
    ['Basic with the right token', { Authorization: 'BASIC' }],
    ['the token in another header', { 'X-Token': 'TOKEN' }],
  ])('with %s is refused', async (_, headers: Record<string, string>) => {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        value
          .replace('HASH', `Bearer ${tokenHash(app.token)}`)
          .replace('BASIC', `Basic ${Buffer.from(`u:${app.token}`).toString('base64')}`)
          .replace('TOKEN', app.token),
      ]),
    );
    const answer = await post(filled);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(await app.deps.knex('stations').count({ n: '*' })).toEqual([{ n: '0' }]);
  });

  test('with the token works, and no longer once it is revoked', async () => {
    const other = await startApp();
    const add = (name: string) =>
      other.send('POST', '/api/stations', { name, url: `http://radio.example/${name}` });
    expect((await add('a')).status).toBe(201);
    await other.deps.knex('api_tokens').update({ revoked_at: new Date() });
    await expect.poll(async () => (await add('b')).status, { timeout: 60_000, interval: 500 }).toBe(401);
    await other.stop();
  });
});

describe('reading', () => {
  test('is open on this machine', async () => {
    expect((await fetch(`${app.url}/api/stations`)).status).toBe(200);
  });

  test.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Via'])(
    'that was passed on (%s) needs the token, whatever it claims',
    async (header) => {
      const anonymous = await fetch(`${app.url}/api/stations`, { headers: { [header]: '127.0.0.1' } });
      expect(anonymous.status).toBe(401);
      const known = await app.call('/api/stations', { headers: { [header]: '203.0.113.7' } });
      expect(known.status).toBe(200);
    },
  );

  test('with a wrong token is refused even here', async () => {
    const answer = await fetch(`${app.url}/api/stations`, { headers: { Authorization: 'Bearer nope' } });
    expect(answer.status).toBe(401);
  });

  test.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'a@localhost',
  ])('under a foreign name (%s) is refused: DNS rebinding', async (host) => {
    for (const path of ['/api/stations', '/health/live']) {
      const answer = await raw(`${app.url}${path}`, { Host: host });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body).error.code).toBe('foreign_host');
    }
  });

  test.each(['localhost', 'localhost:8000', '[::1]:8000', 'sodav.localhost', '127.0.0.1'])(
    'as %s works',
    async (host) => {
      expect((await raw(`${app.url}/api/stations`, { Host: host })).status).toBe(200);
    },
  );

  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  if (outside === undefined) console.warn('SKIPPED: this machine has no address besides loopback');

  test.skipIf(outside === undefined)('from elsewhere needs the token, health does not', async () => {
    const settings = { ...app.deps.settings, host: '0.0.0.0' };
    const open: Listener = await listen(createApp({ ...app.deps, settings }), { host: '0.0.0.0', port: 0 });
    const url = `http://${outside}:${new URL(open.url).port}`;
    try {
      const refused = await fetch(`${url}/api/stations`);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('Basic');
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      const bearer = { Authorization: `Bearer ${app.token}` };
      expect((await fetch(`${url}/api/stations`, { headers: bearer })).status).toBe(200);
      const basic = { Authorization: `Basic ${Buffer.from(`moi:${app.token}`).toString('base64')}` };
      expect((await fetch(`${url}/api/stations`, { headers: basic })).status).toBe(200);
      expect((await raw(`${url}/api/stations`, { Host: 'sodav.example', ...bearer })).status).toBe(200);
      // Through loopback the name still counts: a page of a foreign domain may be asking.
      const rebound = await raw(`http://127.0.0.1:${new URL(open.url).port}/api/stations`, {
        Host: 'sodav.example',
      });
      expect(rebound.status).toBe(403);
    } finally {
      open.server.closeAllConnections();
      await open.close();
    }
  });
});

describe('the token', () => {
  test('is readable by its owner only and stored as a hash', async () => {
    const path = join(app.folder, 'api-token');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const rows = await app.deps.knex('api_tokens').select('sha256');
    expect(rows).toEqual([{ sha256: tokenHash(app.token) }]);
    expect(JSON.stringify(app.logged)).not.toContain(app.token);
  });

  test('stays the same at the next start, is known to a new database, and is not remade when taken away', async () => {
    const { knex, log } = app.deps;
    const options = { knex, dataDir: app.folder, log };
    const path = (await ensureToken(options))!;
    expect(readFileSync(path, 'utf8').trim()).toBe(app.token);
    await knex('api_tokens').delete();
    await ensureToken(options);
    expect(await knex('api_tokens').select('sha256')).toEqual([{ sha256: tokenHash(app.token) }]);
    expect(await ensureToken({ ...options, dataDir: join(app.folder, 'elsewhere') })).toBeUndefined();
  });
});

test('addresses are what they are', () => {
  expect(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['10.0.0.1', '::ffff:10.0.0.1', '203.0.113.1', undefined, 'x'].map(isLoopback)).not.toContain(true);
  expect(['10.1.2.3', '172.18.0.4', '192.168.1.1', 'fd00::1', 'fe80::1%eth0'].map(isPrivate)).not.toContain(
    false,
  );
  expect(['172.32.0.1', '8.8.8.8', '2001:db8::1'].map(isPrivate)).not.toContain(true);
  expect(isOwnHost('backend:8000', [])).toBe(true);
  expect(isOwnHost('monitor.sodav.example:8000', ['monitor.sodav.example'])).toBe(true);
  expect(isOwnHost('monitor.sodav.example', [])).toBe(false);
  expect(isOwnHost(undefined, [])).toBe(false);
});
