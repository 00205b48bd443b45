import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnServer, ownServer } from '../../../test/support/database';
import { startApp, type TestApp } from '../../../test/support/http-app';
import type { Phrase } from '../../errors';

let server: OwnServer;
let app: TestApp;
let fault: Phrase | undefined;
beforeAll(async () => {
  server = await ownServer();
  app = await startApp(() => ({
    knex: server.knex,
    checks: [
      { name: 'recognizer', check: async () => fault },
      {
        name: 'decoders',
        check: () => (fault === undefined ? Promise.resolve(undefined) : new Promise(() => {})),
      },
    ],
  }));
});
afterAll(async () => {
  await app.stop();
  await server.destroy();
});

const ready = async () => {
  const begun = performance.now();
  const answer = await fetch(`${app.url}/health/ready`);
  expect(performance.now() - begun).toBeLessThan(4_000);
  return { status: answer.status, body: await answer.json() };
};

test('ready says what is wrong, each part by itself, and answers in time', async () => {
  expect(await ready()).toEqual({
    status: 200,
    body: {
      status: 'ok',
      checks: { database: { status: 'ok' }, recognizer: { status: 'ok' }, decoders: { status: 'ok' } },
    },
  });
  fault = { fr: 'aucun fil vivant', en: 'no thread lives' };
  expect(await ready()).toMatchObject({
    status: 503,
    body: {
      status: 'unready',
      checks: {
        database: { status: 'ok' },
        recognizer: { status: 'failed', reason_fr: 'aucun fil vivant' },
        decoders: { status: 'failed', reason_fr: 'pas de réponse en 2 s' },
      },
    },
  });
  fault = undefined;
});

test('before its tables are made, the database counts as away, and the page says so', async () => {
  const empty = await startApp();
  await empty.deps.knex.raw('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  expect((await fetch(`${empty.url}/api/stations`)).status).toBe(503);
  expect(await (await fetch(`${empty.url}/`)).text()).toContain('La base de données ne répond pas');
  expect(empty.logged.filter(({ level }) => level >= 50)).toEqual([]);
  await empty.stop();
});

test('with the database away: not ready, but alive; reading says 503; and it comes back', async () => {
  await server.stop();
  expect(await ready()).toMatchObject({ status: 503, body: { checks: { database: { status: 'failed' } } } });
  expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
  const plays = await fetch(`${app.url}/api/plays`);
  expect(plays.status).toBe(503);
  expect(await plays.json()).toMatchObject({ error: { code: 'database_unavailable' } });
  await server.start();
  await expect.poll(async () => (await ready()).status, { timeout: 60_000, interval: 250 }).toBe(200);
});
