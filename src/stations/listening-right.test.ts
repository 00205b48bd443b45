import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type OwnServer, ownServer } from '../../test/support/database';
import { until } from '../../test/support/prometheus';
import { clockAtRate } from '../clock';
import { openDatabase } from '../db/database';
import { ListeningRight } from './listening-right';

/** Not faster: who lost a connection has three seconds of it to make another, before the right goes to who waits. */
const RATE = 2;

let server: OwnServer;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  server = await ownServer();
});
afterAll(() => server.destroy());
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A copy of the service as far as the right goes, on connections of its own, twice as fast as in life. */
function copy(url = server.url) {
  const knex = openDatabase(url, { poolSize: 1 });
  const state = { has: false, waits: false, lost: 0 };
  const log = {
    info: (_: unknown, message?: string) => {
      state.waits ||= /Une autre copie du service écoute déjà/.test(message ?? '');
    },
    warn: () => undefined,
    error: () => undefined,
  };
  const right = new ListeningRight({ knex, clock: clockAtRate(RATE), log, onLost: () => state.lost++ });
  const ending = new AbortController();
  const obtained = right.obtained(ending.signal).then(
    () => {
      state.has = true;
    },
    (reason: Error) => reason,
  );
  ends.push(async () => {
    ending.abort(new Error('over'));
    await right.release();
    await knex.destroy();
  });
  return { right, state, ending, obtained };
}

/** The names of the sessions that have the lock. */
async function holders(): Promise<string[]> {
  const { rows } = await server.knex.raw(
    `SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND classid = 20698 AND granted`,
  );
  return rows.map(({ application_name }: { application_name: string }) => application_name);
}

async function holderPid(): Promise<number | undefined> {
  const { rows } = await server.knex.raw(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 20698 AND granted",
  );
  return rows[0]?.pid;
}

const listens = async (right: ListeningRight) => (await holders()).includes(right.name);
/** It has seen that another has the right: who comes first to a free one takes it at once. */
const waits = ({ state }: ReturnType<typeof copy>) => until(async () => state.waits, Boolean);
/** Milliseconds of the copies' time. */
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms / RATE));

/** A way to the database that can be cut. */
async function road() {
  const target = new URL(server.url);
  const sockets = new Set<Socket>();
  const open = (): Promise<Server> => {
    const proxy = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    return new Promise((resolve) => proxy.listen(port, '127.0.0.1', () => resolve(proxy)));
  };
  let port = 0;
  let proxy = await open();
  port = (proxy.address() as { port: number }).port;
  const url = new URL(server.url);
  [url.hostname, url.port] = ['127.0.0.1', String(port)];
  const cut = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  };
  ends.push(() => (proxy.listening ? cut() : undefined));
  return {
    url: url.toString(),
    cut,
    async mend() {
      proxy = await open();
    },
  };
}

test('one of three has the right; the next gets it at once when it is given back, and only one of them', async () => {
  const first = copy();
  await first.obtained;
  const [second, third] = [copy(), copy()];
  await Promise.all([second, third].map(waits));
  await rest(3_000);
  expect([second.state.has, third.state.has]).toEqual([false, false]);
  expect(await holders()).toEqual([first.right.name]);

  await first.right.release();
  await until(async () => second.state.has || third.state.has, Boolean);
  await rest(3_000);
  expect([second.state.has, third.state.has].filter(Boolean)).toHaveLength(1);
  expect(await holders()).toHaveLength(1);
});

test('a listener whose connection was cut takes the right again before one that waits', async () => {
  const first = copy();
  await first.obtained;
  const second = copy();
  await waits(second);
  const former = await holderPid();
  await server.knex.raw('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?', [
    first.right.name,
  ]);
  // In a session of its own again, and it stays so.
  await until(holderPid, (pid) => pid !== undefined && pid !== former);
  await rest(6_000);
  expect(await holders()).toEqual([first.right.name]);
  expect(second.state.has).toBe(false);
  expect(first.state.lost).toBe(0);
});

test('after a restart of the database the listener is the same', async () => {
  const first = copy();
  await first.obtained;
  const second = copy();
  await waits(second);
  await server.kill();
  await rest(1_500);
  await server.start();
  await until(() => listens(first.right), Boolean);
  await rest(7_500);
  expect(second.state.has).toBe(false);
  expect(first.state.lost).toBe(0);
});

test('a listener that the database has not seen for long is replaced, and told so when it comes back', async () => {
  const way = await road();
  const first = copy(way.url);
  await first.obtained;
  const second = copy();
  await waits(second);
  await way.cut();
  await until(async () => second.state.has, Boolean);
  expect(first.state.lost).toBe(0);
  await way.mend();
  await until(
    async () => first.state.lost,
    (lost) => lost === 1,
  );
  await rest(3_000);
  expect(await holders()).toEqual([second.right.name]);
  expect(second.state.lost).toBe(0);
});

test('who waits can be stopped', async () => {
  const first = copy();
  await first.obtained;
  const second = copy();
  await rest(1_000);
  second.ending.abort(new Error('enough'));
  expect(await second.obtained).toMatchObject({ message: 'enough' });
  await second.right.release();
  expect(await holders()).toEqual([first.right.name]);
});
