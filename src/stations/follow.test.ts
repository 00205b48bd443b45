import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database';
import { systemClock } from '../clock';
import { followStations } from './follow';
import { StationStore } from './store';
import type { HeardBefore } from './today';
import type { Station } from './types';

const log = pino({ level: 'silent' });
let db: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.drop());

test('what is stored is listened to, with what was heard of its day; what is removed is left and forgotten', async () => {
  const store = new StationStore(db.knex, systemClock);
  const first = await store.add({ name: 'Première', url: 'http://radio.example/1', paused: false });
  const noon = Date.UTC(2026, 10, 1, 12);
  await store.recordState(first.id, 'listening', 'le flux est entendu', noon - 60_000);
  await store.recordState(first.id, 'lost', 'coupée', noon);
  const heard = new Map<number, Station>();
  const before = new Map<number, HeardBefore | undefined>();
  const forgotten: number[] = [];
  const stop = await followStations({
    ...{ knex: db.knex, log, store },
    clock: { ...systemClock, now: () => noon },
    supervisor: {
      stations: () => [...heard.values()],
      apply(station, earlier) {
        heard.set(station.id, station);
        before.set(station.id, earlier);
      },
      remove: async (id) => void heard.delete(id),
    },
    stateLog: { forget: (id) => void forgotten.push(id) },
  });
  try {
    expect([...heard.keys()]).toEqual([first.id]);
    expect(before.get(first.id)).toMatchObject({ heardS: 60 });
    const second = await store.add({ name: 'Deuxième', url: 'http://radio.example/2', paused: false });
    await expect.poll(() => [...heard.keys()], { timeout: 10_000 }).toEqual([first.id, second.id]);
    await store.change(second.id, { url: 'http://radio.example/deux' });
    await expect.poll(() => heard.get(second.id)?.url, { timeout: 10_000 }).toBe('http://radio.example/deux');
    await store.remove(first.id);
    await expect.poll(() => [...heard.keys()], { timeout: 10_000 }).toEqual([second.id]);
    expect(forgotten).toEqual([first.id]);
  } finally {
    await stop();
  }
});
