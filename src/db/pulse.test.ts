import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database';
import { clockAtRate } from '../clock';
import { endOf, pulse, unless } from './pulse';

let db: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.drop());

const connection = async () => (await db.knex.client.acquireRawConnection()) as Client;

test('a connection that lasts keeps no result of its signs of life', async () => {
  const client = await connection();
  const results: WeakRef<object>[] = [];
  const query = client.query.bind(client) as (sql: string) => Promise<object>;
  const wanted = new AbortController();
  client.query = (async (sql: string) => {
    const result = await query(sql);
    results.push(new WeakRef(result));
    return result;
  }) as unknown as Client['query'];
  const over = endOf(client);
  const ended = pulse(client, { over, wanted: wanted.signal, everyMs: 1_000, clock: clockAtRate(1_000) });
  await expect.poll(() => results.length, { timeout: 10_000 }).toBeGreaterThan(50);
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const kept = results.filter((result) => result.deref() !== undefined).length;
  wanted.abort();
  await ended;
  await client.end();
  expect(kept).toBeLessThan(5);
  expect(getEventListeners(over, 'abort')).toEqual([]);
});

test('one that is cut ends it with the reason', async () => {
  const client = await connection();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const ended = pulse(client, {
    ...{ over: endOf(client), wanted: new AbortController().signal, everyMs: 60_000, clock: clockAtRate(1) },
  });
  const failure = expect(ended).rejects.toThrow(/terminat/);
  await db.knex.raw('SELECT pg_terminate_backend(?)', [rows[0].pid]);
  await failure;
});

test('work is not waited for once it is over, also when it was over before', async () => {
  const over = new AbortController();
  expect(await unless(over.signal, Promise.resolve(1))).toBe(1);
  await expect(unless(over.signal, Promise.reject(new Error('no')))).rejects.toThrow('no');
  const waiting = unless(over.signal, new Promise(() => undefined));
  over.abort(new Error('closed'));
  await expect(waiting).rejects.toThrow('closed');
  await expect(unless(over.signal, new Promise(() => undefined))).rejects.toThrow('closed');
});
