import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnServer, ownServer } from '../../../test/support/database';
import { startApp, type TestApp } from '../../../test/support/http-app';
import { aPlay, aStation, aTrack } from '../../../test/support/plays';

let server: OwnServer;
let app: TestApp;
beforeAll(async () => {
  server = await ownServer();
  app = await startApp(({ settings }) => ({ knex: server.knex, settings: { ...settings, demo: true } }));
});
afterAll(async () => {
  await app.stop();
  await server.destroy();
});

test('an empty service says so', async () => {
  const text = await (await app.call('/')).text();
  expect(text).toContain('Aucune station n’est écoutée');
  expect(text).toContain('Aucune diffusion');
  expect(text).toContain('Mode démonstration');
});

test('it shows each station with its state and why, what plays, and what was played; simulated ones as such', async () => {
  const { knex } = server;
  const one = await aStation(knex, 'Sahel <i>FM</i>', { simulated: true });
  const two = await aStation(knex, 'Radio Perdue');
  const track = await aTrack(knex, '<script>alert(1)</script>', ['Ndèye & Cie']);
  const ago = (s: number) => new Date(Date.now() - s * 1_000).toISOString();
  await aPlay(knex, { station: one, track, status: 'open', from: ago(75), to: ago(1), confidence: 0.999 });
  await aPlay(knex, { station: two, status: 'cut', from: ago(900), to: ago(700) });
  app.statuses.set(one, {
    state: 'listening',
    reason: 'le son arrive',
    since: Date.now() - 7_500_000,
    title: 'hint "quoted"',
    codec: 'mp3',
    reconnectsToday: 2,
    coverageToday: 0.999,
  });
  app.statuses.set(two, {
    state: 'lost',
    reason: 'serveur injoignable',
    since: Date.now() - 700_000,
    reconnectsToday: 0,
  });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const answer = await app.call('/');
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const text = await answer.text();
  for (const part of [
    'Sahel &lt;i&gt;FM&lt;/i&gt; (simulée)',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
    'Ndèye &amp; Cie',
    'depuis 2 h 05 min',
    'le son arrive',
    'hint &quot;quoted&quot;',
    '99\u00a0% du jour entendu',
    '2 reconnexions',
    'perdue',
    'serveur injoignable',
    'Musique inconnue',
    'coupée',
    'en cours',
    'href="/api/metrics"',
    'href="http://localhost:9090"',
    'href="http://localhost:3001"',
  ]) {
    expect(text).toContain(part);
  }
  // What is not heard comes first, and the count of what is heard says that something is wrong.
  expect(text.indexOf('Radio Perdue')).toBeLessThan(text.indexOf('Sahel'));
  expect(text).toMatch(/<div class="bad"><dt>stations à l’écoute<\/dt><dd>1 \/ 2</);
  expect(text).not.toContain('<script>alert');
  expect(text).not.toContain('Radio Perdue (simulée)');

  const nonce = /<script nonce="([^"]+)"/.exec(text)![1]!;
  const policy = answer.headers.get('content-security-policy')!;
  expect(policy).toContain(`script-src 'nonce-${nonce}'`);
  expect(policy).not.toContain('unsafe');
  expect(await (await app.call('/')).text()).not.toContain(nonce);
});

test('with the database away it says so instead of showing nothing', async () => {
  await server.stop();
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const answer = await app.call('/', { headers: { Authorization: '' } });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('La base de données ne répond pas');
  await server.start();
});
