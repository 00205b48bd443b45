import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnServer, ownServer } from '../../test/support/database';
import { clockAtRate } from '../clock';
import { createLogger } from '../log';
import { StationStateLog } from './state-log';
import { StationStore } from './store';
import { watchStations } from './watch';

const log = createLogger({ level: 'silent', format: 'json' });
/** Fast, so that a minute's confirmations pass in a second. */
const clock = clockAtRate(60);

let server: OwnServer;
let store: StationStore;
beforeAll(async () => {
  server = await ownServer();
  store = new StationStore(server.knex, clock);
});
afterAll(() => server.destroy());

const written = async (id: number) =>
  (await server.knex('station_states').where({ station_id: id }).orderBy('id').pluck('state')) as string[];

test('states are written in their order, and what is heard is confirmed as time goes on', async () => {
  const { id } = await store.add({ name: 'a', url: 'http://a/', paused: false });
  const states = new StationStateLog({ store, clock, log });
  const since = clock.now();
  states.record(id, 'starting', 'démarrage', since);
  states.record(id, 'listening', 'écoute', since + 1);
  await expect.poll(() => written(id)).toEqual(['starting', 'listening']);
  const until = async () => {
    const row = await server.knex('station_states').where({ station_id: id, state: 'listening' }).first();
    return row.heard_until.getTime() - since;
  };
  await expect.poll(until, { timeout: 60_000 }).toBeGreaterThan(60_000);
  await states.stop();
});

test('what happens while the database is away is written when it is back', async () => {
  const { id } = await store.add({ name: 'b', url: 'http://b/', paused: false });
  const states = new StationStateLog({ store, clock, log });
  await server.stop();
  const since = clock.now();
  states.record(id, 'listening', 'écoute', since);
  states.record(id, 'lost', 'perdue', since + 1_000);
  states.record(id, 'listening', 'écoute', since + 2_000);
  expect(states.waiting).toBe(3);
  await server.start();
  await expect.poll(() => states.waiting, { timeout: 60_000 }).toBe(0);
  expect(await written(id)).toEqual(['listening', 'lost', 'listening']);
  await states.stop();
});

test('changes by another process are told, also across a restart of the database', async () => {
  let told = 0;
  const stop = watchStations({ knex: server.knex, clock, log, onChange: () => told++ });
  await expect.poll(() => told).toBe(1);
  await store.add({ name: 'c', url: 'http://c/', paused: false });
  await expect.poll(() => told).toBe(2);
  await server.kill();
  await server.start();
  await expect.poll(() => told, { timeout: 60_000 }).toBeGreaterThan(2);
  const before = told;
  await store.remove((await store.list())[0]!.id);
  await expect.poll(() => told).toBeGreaterThan(before);
  await stop();
});
