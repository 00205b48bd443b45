import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../test/support/http-app';
import { aPlay, aStation, aTrack } from '../../test/support/plays';
import { isPlain } from './middleware/address';

/** Whatever comes in: a 4xx in our form, the process lives, and nothing in the database has changed. */

let app: TestApp;
let before: string;
let station: number;
beforeAll(async () => {
  app = await startApp();
  const { knex } = app.deps;
  station = await aStation(knex, 'RTS FM');
  const track = await aTrack(knex, 'Birima', ["Youssou N'Dour"]);
  await aPlay(knex, { station, track, from: '2026-11-20T10:00:00Z', to: '2026-11-20T10:03:00Z' });
  before = await content();
});
afterAll(() => app.stop());

afterEach(async () => {
  expect((await fetch(`${app.url}/health/ready`)).status).toBe(200);
  expect(await content()).toBe(before);
  expect(app.applied).toEqual([]);
  expect(app.removed).toEqual([]);
  expect(app.logged.splice(0).filter(({ level }) => level >= 50)).toEqual([]);
});

/** Everything that the database holds. */
async function content(): Promise<string> {
  const { knex } = app.deps;
  const tables = ['stations', 'tracks', 'artists', 'track_artists', 'plays', 'play_revisions', 'api_tokens'];
  const rows = await Promise.all(
    tables.map((table) =>
      knex(table)
        .select()
        .orderBy(knex.raw('1') as never),
    ),
  );
  return JSON.stringify(rows);
}

async function refused(answer: Response, status?: number): Promise<string> {
  const text = await answer.text();
  if (status === undefined) {
    expect(answer.status, text).toBeGreaterThanOrEqual(400);
    expect(answer.status, text).toBeLessThan(500);
  } else {
    expect(answer.status, text).toBe(status);
  }
  const { error } = JSON.parse(text);
  expect(error.message_fr).not.toBe('');
  expect(error.message_en).not.toBe('');
  return error.code;
}

describe('bodies', () => {
  const good = { name: 'Neuve', url: 'http://radio.example/neuve' };
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  test.each<[string, string, number]>([
    ['nothing', '', 400],
    ['no JSON', '{"name":', 400],
    ['a text', '"x"', 400],
    ['null', 'null', 400],
    ['an array', '[]', 400],
    ['a number', '42', 400],
    ['a wrong type', JSON.stringify({ ...good, name: 5 }), 400],
    ['an object as name', JSON.stringify({ ...good, name: { $gt: '' } }), 400],
    ['an empty name', JSON.stringify({ ...good, name: '  ' }), 400],
    ['a name too long', JSON.stringify({ ...good, name: 'x'.repeat(5_000) }), 400],
    ['NUL', JSON.stringify({ ...good, name: 'a\0b' }), 400],
    ['a lone surrogate', '{"name":"\\ud800","url":"http://radio.example/x"}', 400],
    ['an unknown field', JSON.stringify({ ...good, admin: true }), 400],
    ['a file as address', JSON.stringify({ ...good, url: 'file:///etc/passwd' }), 400],
    ['a script as address', JSON.stringify({ ...good, url: 'javascript:alert(1)' }), 400],
    ['no address', JSON.stringify({ ...good, url: 'pas une adresse' }), 400],
    ['__proto__', `{"name":"N","url":"http://radio.example/n","__proto__":{"paused":true}}`, 400],
    ['constructor', `{"name":"N","url":"http://radio.example/n","constructor":{"prototype":{"x":1}}}`, 400],
    ['nesting', `{"name":${deep(400_000)}}`, 400],
    ['too much', JSON.stringify({ ...good, name: 'x'.repeat(1_100_000) }), 413],
  ])('%s', async (_, body, status) => {
    const answer = await app.call('/api/stations', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    await refused(answer, status);
    expect(({} as { paused?: boolean; x?: number }).paused).toBeUndefined();
  });

  test.each([
    [{ 'Content-Type': 'text/plain' }],
    [{ 'Content-Type': 'application/x-www-form-urlencoded' }],
    [{ 'Content-Type': 'application/json; charset=utf-16' }],
    [{ 'Content-Type': 'application/json; charset=latin1' }],
    [{ 'Content-Type': 'application/jsonx' }],
    [{ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }],
    [{ 'Content-Type': '' }],
  ])('sent as %j', async (headers: Record<string, string>) => {
    const answer = await app.call('/api/stations', { method: 'POST', headers, body: JSON.stringify(good) });
    await refused(answer, 415);
  });

  test('bytes that are no UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"name":"'),
      Buffer.from([0xff, 0xfe, 0xe9]),
      Buffer.from('","url":"http://radio.example/x"}'),
    ]);
    const headers = { 'Content-Type': 'application/json' };
    await refused(await app.call('/api/stations', { method: 'POST', headers, body }), 400);
  });

  test('a change that changes nothing, or what may not be changed', async () => {
    for (const body of [
      {},
      { id: 7 },
      { simulated: true },
      { paused: 'oui' },
      { paused: null },
      { url: '' },
    ]) {
      await refused(await app.send('PATCH', `/api/stations/${station}`, body), 400);
    }
  });

  test('every message has both languages', async () => {
    const bodies = [
      { name: 5, url: 5, paused: 5 },
      { name: '', url: `http://x/${'x'.repeat(3_000)}` },
      { name: 'a\u0007', url: 'ftp://x' },
    ];
    const patch = await app.send('PATCH', `/api/stations/${station}`, {});
    const answers = [
      patch,
      ...(await Promise.all(bodies.map((body) => app.send('POST', '/api/stations', body)))),
    ];
    for (const answer of answers) {
      const { error } = (await answer.json()) as {
        error: { details: { message_fr: string; message_en: string }[] };
      };
      expect(error.details.length).toBeGreaterThan(0);
      for (const { message_fr, message_en } of error.details) expect(message_fr).not.toBe(message_en);
    }
  });
});

describe('addresses', () => {
  test.each([
    '/api/stations/0',
    '/api/stations/-1',
    '/api/stations/1e3',
    '/api/stations/1.0',
    '/api/stations/99999999999999999999',
    "/api/stations/1'%20OR%201=1",
    '/api/stations/1%00',
    '/api/stations/%E0%A4%A',
    '/api/stations/%ff',
    '/api/stations/1%2fnow',
    '/api/plays/x',
    '/api/plays/0193567e-0000-7000-8000-00000000000',
    '/api//stations',
    '/api/stations/',
    '/API/stations',
    '/nothing',
    '/api/plays?limit=0',
    '/api/plays?limit=501',
    '/api/plays?limit=1e2',
    '/api/plays?limit=10&limit=20',
    '/api/plays?limit[]=10',
    '/api/plays?from=yesterday',
    '/api/plays?from=2026-13-01',
    '/api/plays?from=2026-11-20T10:00:00',
    '/api/plays?from=0000-01-01',
    '/api/plays?to=9999-12-31T23:59:59-12:00',
    '/api/reports/daily?day=0000-01-01',
    '/api/plays?kind=song',
    '/api/plays?status=',
    '/api/plays?method=__proto__',
    '/api/plays?__proto__=1',
    '/api/plays?unknown=1',
    '/api/plays?q=',
    `/api/plays?q=${'x'.repeat(300)}`,
    '/api/plays?q=%00',
    '/api/plays?q=%ff',
    '/api/plays?cursor=x',
    ...[
      "1763632800000.'; DROP TABLE plays",
      '999999999999999.0193567e-0000-7000-8000-000000000000',
      '-1.0193567e-0000-7000-8000-000000000000',
      '{"__proto__":1}',
    ].map((text) => `/api/plays?cursor=${Buffer.from(text).toString('base64url')}`),
    '/api/stations?all=1',
    '/api/tracks?page=0',
    '/api/tracks?page_size=100000',
    '/api/tracks/x',
    '/api/reports/daily',
    '/api/reports/daily?day=2026-02-30',
    '/api/reports/daily?day=2999-01-01',
    '/api/reports/daily?day=2026-11-20T10:00:00Z',
    '/health/live?x=1',
    '/?debug=1',
  ])('%s', async (path) => {
    await refused(await app.call(path));
  });

  test.each([
    '/../etc/passwd',
    '/api/../../etc',
    '/api/%2e%2e/x',
    '/a\\b',
    '/%5c',
    '/%2e/x',
    '//x',
    '*',
    '/\u00e9'.normalize('NFD'),
  ])('raw: %s', async (target) => {
    expect(await sendRaw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 4\d\d /,
    );
  });

  test('of a whole URL, and one that is too long', async () => {
    const proxied = await sendRaw(
      'GET http://127.0.0.1/api/stations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect(proxied).toMatch(/^HTTP\/1\.1 400 /);
    await refused(await app.call(`/api/plays?q=${'x'.repeat(5_000)}`), 414);
  });

  test('plain ones are let through', () => {
    expect(['/', '/api/plays?q=a+b%20%26%25&x=%2F..', '/api/x%20y', '/a..b'].map(isPlain)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test.each([
    ['PUT', '/api/stations', 'GET', 405],
    ['DELETE', '/api/plays', 'GET', 405],
    ['POST', '/', 'GET', 405],
    ['POST', '/health/live', 'GET', 405],
    ['PROPFIND', '/api/stations', 'GET', 501],
  ])('%s %s says what is possible', async (method, path, allowed, status) => {
    const answer = await app.call(path, { method });
    expect(answer.headers.get('allow')).toContain(allowed);
    const text = await answer.text();
    expect(answer.status).toBe(status);
    expect(JSON.parse(text).error.code).toBe('method_not_allowed');
  });
});

/** Sends bytes as they are; gives everything that comes back. */
function sendRaw(text: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(app.url);
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in 10 s')));
    socket.setEncoding('latin1').on('data', (piece) => {
      answer += piece;
    });
    // A reset after the answer was sent is the answer to a client that sends on.
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
    socket.on('close', () => resolve(answer));
  });
}

describe('what is hardly HTTP', () => {
  test.each<[string, string, RegExp]>([
    ['garbage', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
    ['no Host', 'GET /api/stations HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'huge headers',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      'many headers',
      `GET / HTTP/1.1\r\nHost: localhost\r\n${Array.from({ length: 3_000 }, (_, i) => `x${i}: 1\r\n`).join('')}\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      'POST /api/stations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'length and chunks (smuggling)',
      'POST /api/stations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
  ])('%s', async (_, text, expected) => {
    const answer = await sendRaw(text);
    expect(answer).toMatch(expected);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).error.message_fr).not.toBe('');
  });

  test('a client that goes away in the middle of its body', async () => {
    const { port } = new URL(app.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /api/stations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${app.token}\r\n` +
            'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":',
          () => socket.destroy(),
        );
      });
      socket.on('close', () => resolve());
    });
  });
});
