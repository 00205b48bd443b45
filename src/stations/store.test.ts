import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database';
import type { Clock } from '../clock';
import { StationStore } from './store';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: StationStore;
let now = 0;
const clock = { now: () => now } as Clock;

const DAY = '2026-11-24';
const at = (time: string) => Date.parse(`${DAY}T${time}Z`);

beforeAll(async () => {
  database = await freshDatabase();
  store = new StationStore(database.knex, clock);
});
afterAll(() => database.drop());
beforeEach(async () => {
  now = at('12:00:00');
  await database.knex.raw('TRUNCATE stations CASCADE');
});

const dakar = { name: 'Radio Dakar', url: 'http://radio.sn/dakar', paused: false };
const thies = { name: 'Radio Thiès', url: 'http://radio.sn/thies', paused: false };

describe('stations', () => {
  test('are added, listed by name, changed and removed', async () => {
    const b = await store.add(thies);
    const a = await store.add({ ...dakar, simulated: true });
    expect(a).toEqual({ ...dakar, id: a.id, simulated: true });
    expect(await store.list()).toEqual([a, b]);
    expect(await store.change(b.id, { paused: true })).toEqual({ ...b, paused: true });
    expect(await store.get(b.id)).toEqual({ ...b, paused: true });
    await store.remove(a.id);
    expect(await store.get(a.id)).toBeUndefined();
    expect((await store.list()).map(({ id }) => id)).toEqual([b.id]);
    for (const id of [a.id, 0, -1, 1.5, 2 ** 60]) {
      await expect(store.remove(id)).rejects.toMatchObject({ code: 'station_not_found', status: 404 });
      await expect(store.change(id, { paused: true })).rejects.toMatchObject({ status: 404 });
    }
  });

  test('have a name and an address of their own', async () => {
    await store.add(dakar);
    const other = await store.add(thies);
    const taken = {
      code: 'station_name_taken',
      status: 409,
      phrase: { fr: expect.stringContaining('RADIO DAKAR') },
    };
    await expect(store.add({ ...thies, name: 'RADIO DAKAR', url: 'http://x/' })).rejects.toMatchObject(taken);
    await expect(store.change(other.id, { name: 'RADIO DAKAR' })).rejects.toMatchObject(taken);
    await expect(store.change(other.id, { url: dakar.url })).rejects.toMatchObject({
      ...{ code: 'station_url_taken', status: 409 },
    });
    expect(await store.list()).toHaveLength(2);
  });

  test('do not show the credentials of an address', async () => {
    const url = 'http://moi:secret@radio.sn/';
    await store.add({ ...dakar, url });
    const refused = await store.add({ ...thies, url }).catch((error) => error);
    expect(refused.phrase.fr).toContain('http://…@radio.sn/');
    expect(JSON.stringify(refused) + refused.message + refused.phrase.en).not.toContain('secret');
  });

  test('come back under their number when they are added again, and free their address when removed', async () => {
    const { id } = await store.add(dakar);
    await store.remove(id);
    const other = await store.add({ ...thies, url: dakar.url });
    expect(other.id).not.toBe(id);
    expect((await store.add({ ...dakar, name: 'radio dakar', url: 'http://new/' })).id).toBe(id);
  });

  test('many at once: all or nothing', async () => {
    const { id } = await store.add(dakar);
    const moved = { ...dakar, url: 'http://radio.sn/moved' };
    expect(await store.upsert([moved, thies])).toEqual({ added: 1, changed: 1, same: 0 });
    expect(await store.upsert([moved, thies])).toEqual({ added: 0, changed: 0, same: 2 });
    expect(await store.get(id)).toMatchObject({ url: moved.url });
    await expect(
      store.upsert([
        { ...thies, name: 'New', url: 'http://new/' },
        { ...thies, name: 'Other' },
      ]),
    ).rejects.toMatchObject({ code: 'station_url_taken' });
    expect((await store.list()).map(({ name }) => name)).toEqual(['Radio Dakar', 'Radio Thiès']);
  });
});

describe('coverage', () => {
  let id: number;
  beforeEach(async () => {
    now = at('00:00:00') - 3_600_000;
    id = (await store.add(dakar)).id;
    now = at('12:00:00');
  });
  const states = async (...list: [Parameters<StationStore['recordState']>[1], string][]) => {
    for (const [state, time] of list) await store.recordState(id, state, state, at(time));
  };

  test('is nothing without a state', async () => {
    expect(await store.coverage(id, DAY)).toEqual({ heardS: 0, elapsedS: 43_200, ratio: 0 });
    expect(await store.coverage(id, '2026-11-25')).toBeUndefined();
    expect(await store.coverage(id, '2026-11-20')).toBeUndefined();
    expect((await store.coverage(id, '2026-11-23'))!.elapsedS).toBe(3_600);
  });

  test('counts listening and silence, until the next state', async () => {
    await states(['starting', '01:00:00'], ['listening', '01:00:10'], ['silent', '02:00:10']);
    await states(['lost', '02:30:10'], ['listening', '03:00:10'], ['paused', '03:00:20']);
    expect((await store.coverage(id, DAY))!.heardS).toBeCloseTo(3_600 + 1_800 + 10);
    expect((await store.coverages(DAY)).get(id)!.ratio).toBeCloseTo(5_410 / 43_200);
  });

  test('of a killed service goes as far as it was confirmed', async () => {
    await states(['listening', '01:00:00']);
    await store.confirmHeard([id], at('01:30:00'));
    expect((await store.coverage(id, DAY))!.heardS).toBe(1_800);
    await states(['starting', '05:00:00'], ['listening', '05:00:05']);
    await store.confirmHeard([id], at('05:00:15'));
    expect((await store.coverage(id, DAY))!.heardS).toBe(1_810);
  });

  test('confirms nothing for a station that is not heard', async () => {
    await states(['listening', '01:00:00'], ['lost', '01:00:10']);
    await store.confirmHeard([id], at('02:00:00'));
    expect((await store.coverage(id, DAY))!.heardS).toBe(10);
  });

  test('of a state that goes over midnight belongs to both days', async () => {
    await store.recordState(id, 'listening', 'x', at('00:00:00') - 600_000);
    await states(['lost', '00:05:00']);
    expect((await store.coverage(id, DAY))!.heardS).toBe(300);
    expect((await store.coverage(id, '2026-11-23'))!.heardS).toBe(600);
  });

  test('notes the same state once, and forgets stations that are gone', async () => {
    await states(['lost', '01:00:00'], ['lost', '01:05:00']);
    await store.recordState(999_999, 'lost', 'x', now);
    const rows = await database.knex('station_states').select('since');
    expect(rows).toEqual([{ since: new Date(at('01:00:00')) }]);
  });

  test('takes days only', async () => {
    await expect(store.coverage(id, "'; --")).rejects.toThrow(RangeError);
  });
});
