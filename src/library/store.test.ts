import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database';
import { fingerprintOf } from '../recognition/local/fingerprint';
import { LibraryStore } from './store';
import type { NewRecording } from './types';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: LibraryStore;

beforeAll(async () => {
  database = await freshDatabase();
  store = new LibraryStore(database.knex);
});
afterAll(() => database.drop());
beforeEach(() => database.knex.raw('TRUNCATE tracks, artists, stations, plays CASCADE'));

/** A fingerprint of two seconds of a swept tone: real, small, different for each seed. */
function fingerprint(seed: number) {
  const samples = Int16Array.from({ length: 16_000 }, (_, i) =>
    Math.round(8_000 * Math.sin(i * (0.2 + seed * 0.01 + i * 1e-5))),
  );
  return fingerprintOf(samples);
}

const birima: NewRecording = {
  title: 'Birima',
  artists: ['Youssou N’Dour'],
  album: 'Joko',
  isrc: 'FRZ031400123',
  durationS: 240,
  source: 'import',
};
const file = (digit: string) => ({ sha256: digit.repeat(64), path: `/musique/${digit}.mp3`, bytes: 10 });

/** Logs a play of a track. */
async function play(trackId: number): Promise<void> {
  const [station] = await database
    .knex('stations')
    .insert({ name: `s${trackId}`, url: `http://s/${trackId}` })
    .returning('id');
  await database.knex('plays').insert({
    ...{ id: crypto.randomUUID(), revision: 1, station_id: station.id, kind: 'track', status: 'complete' },
    ...{
      track_id: trackId,
      method: 'local',
      started_at: new Date(0),
      start_error_s: 0,
      ended_at: new Date(9),
    },
    ...{ end_error_s: 0, evidence: '{}' },
  });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('a recording', () => {
  test('is added with everything, and comes back as it was given', async () => {
    const print = fingerprint(1);
    const added = await store.addRecording({ ...birima, label: 'Sony', fingerprint: print, file: file('a') });
    expect(added).toEqual({ trackId: added.trackId, created: true });
    expect(await store.get(added.trackId)).toMatchObject({
      ...{ title: 'Birima', artists: ['Youssou N’Dour'], album: 'Joko', label: 'Sony', isrc: 'FRZ031400123' },
      ...{ durationS: 240, source: 'import', simulated: false, duplicates: [], fingerprinted: true },
    });
    const [reference] = await all(store.fingerprints(print.version));
    expect(reference!.trackId).toBe(added.trackId);
    expect(reference!.fingerprint.checksum).toBe(print.checksum);
    expect(Buffer.from(reference!.fingerprint.data).equals(Buffer.from(print.data))).toBe(true);
    expect(await all(store.fingerprints(print.version + 1))).toEqual([]);
  });

  test('absent stays absent', async () => {
    const { trackId } = await store.addRecording({ title: 'x', artists: [], source: 'import' });
    const track = await store.get(trackId);
    expect(track).not.toHaveProperty('album');
    expect(track).not.toHaveProperty('isrc');
    expect(track).not.toHaveProperty('durationS');
    expect(track).toMatchObject({ artists: [], fingerprinted: false });
    expect(await store.counts()).toEqual({ tracks: 1, artists: 0 });
  });

  test('of the same bytes is added once, also by ten at the same moment', async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, () => store.addRecording({ ...birima, file: file('b') })),
    );
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(results.map(({ trackId }) => trackId)).size).toBe(1);
    expect(await store.counts()).toEqual({ tracks: 1, artists: 1 });
  });

  test('of the same ISRC is the same track, also for five at the same moment', async () => {
    const results = await Promise.all(
      ['0', '1', '2', '3', '4'].map((digit) => store.addRecording({ ...birima, file: file(digit) })),
    );
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(await database.knex('reference_files').pluck('sha256')).toHaveLength(5);
  });

  test('with the ISRC of an evidently different one is refused, and nothing of it stays', async () => {
    const { trackId } = await store.addRecording(birima);
    for (const other of [
      { ...birima, title: 'Sama Dom', artists: ['Viviane'] },
      { ...birima, durationS: 300 },
    ]) {
      await expect(store.addRecording({ ...other, file: file('c') })).rejects.toMatchObject({
        code: 'isrc_conflict',
        status: 409,
        phrase: { fr: expect.stringContaining('FR-Z03-14-00123') },
        details: { trackId },
      });
    }
    expect(await store.counts()).toEqual({ tracks: 1, artists: 1 });
    expect(await database.knex('reference_files')).toEqual([]);
  });

  test('of the simulator is known by its identifier, and takes on its new sound', async () => {
    const demo = {
      title: 'Démo',
      artists: ['S'],
      source: 'simulator',
      simulated: true,
      externalId: 'd1',
    } as const;
    const one = await store.addRecording({ ...demo, fingerprint: fingerprint(1) });
    const two = await store.addRecording({ ...demo, fingerprint: fingerprint(2) });
    expect(two).toEqual({ trackId: one.trackId, created: false });
    const [reference] = await all(store.fingerprints(fingerprint(1).version));
    expect(reference!.fingerprint.checksum).toBe(fingerprint(2).checksum);
  });

  test('that is impossible is refused', async () => {
    for (const bad of [{ title: ' ' }, { isrc: 'fr' }, { durationS: 0 }, { durationS: Number.NaN }]) {
      await expect(store.addRecording({ ...birima, ...bad })).rejects.toMatchObject({
        code: 'invalid_recording',
      });
    }
  });

  test('shares its performers with others, however they are spelled', async () => {
    await store.addRecording({ title: 'a', artists: ['Omar Pène', 'Super Diamono'], source: 'import' });
    const { trackId } = await store.addRecording({
      ...{ title: 'b', artists: ['super  diamono', 'OMAR PENE', 'Omar Péne'], source: 'import' },
    });
    expect((await store.get(trackId))!.artists).toEqual(['Super Diamono', 'Omar Pène']);
    expect(await store.counts()).toEqual({ tracks: 2, artists: 2 });
  });

  test('by forty at once with the same performers in different orders: no deadlock reaches the caller', async () => {
    const people = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        store.addRecording({
          ...{ title: `t${i}`, source: 'import' },
          artists: i % 2 ? people : people.toReversed(),
        }),
      ),
    );
    expect(await store.counts()).toEqual({ tracks: 40, artists: 5 });
  });
});

describe('duplicates', () => {
  test('are marked, shown on both sides and not compared with', async () => {
    const one = await store.addRecording({ ...birima, fingerprint: fingerprint(1) });
    const two = await store.addRecording({
      ...{ title: 'Birima (réédition)', artists: [], source: 'import', sameAs: one.trackId },
      fingerprint: fingerprint(2),
    });
    expect(two).toEqual({ trackId: two.trackId, created: true, duplicateOf: one.trackId });
    // A duplicate of a duplicate belongs to the first of them.
    const three = await store.addRecording({
      ...{ title: 'Birima', artists: [], source: 'import', sameAs: two.trackId },
    });
    expect(three.duplicateOf).toBe(one.trackId);
    expect((await store.get(one.trackId))!.duplicates).toEqual([two.trackId, three.trackId]);
    expect((await store.get(two.trackId))!.sameAs).toBe(one.trackId);
    const compared = await all(store.fingerprints(fingerprint(1).version));
    expect(compared.map(({ trackId }) => trackId)).toEqual([one.trackId]);
    expect(await store.references([one.trackId, two.trackId], compared[0]!.fingerprint.version)).toEqual(
      compared,
    );
  });

  test('when the first is deleted, the next takes its place', async () => {
    const one = await store.addRecording(birima);
    const same = { title: 'x', artists: [], source: 'import', sameAs: one.trackId } as const;
    const two = await store.addRecording(same);
    const three = await store.addRecording(same);
    await store.delete(one.trackId);
    expect(await store.get(two.trackId)).toMatchObject({ duplicates: [three.trackId] });
    expect(await store.get(two.trackId)).not.toHaveProperty('sameAs');
    expect((await store.get(three.trackId))!.sameAs).toBe(two.trackId);
  });

  test('a file takes the place of what was only known from the air', async () => {
    const air = await store.identified({ title: 'Birima', artists: ['?'] }, 'audd', fingerprint(3));
    const added = await store.addRecording({
      ...{ ...birima, sameAs: air, file: file('d'), fingerprint: fingerprint(1) },
    });
    expect(added).toEqual({ trackId: added.trackId, created: true });
    expect((await store.get(air))!.sameAs).toBe(added.trackId);
  });
});

describe('deleting', () => {
  test('takes out the fingerprints, the files and the artists that nobody names any more', async () => {
    const { trackId } = await store.addRecording({
      ...{ ...birima, artists: ['A', 'B'], file: file('e'), fingerprint: fingerprint(1) },
    });
    await store.addRecording({ title: 'other', artists: ['A'], source: 'import' });
    await store.delete(trackId);
    expect(await store.get(trackId)).toBeUndefined();
    expect(await store.counts()).toEqual({ tracks: 1, artists: 1 });
    expect(await database.knex('fingerprints')).toEqual([]);
    expect(await store.knownFile('e'.repeat(64), 1)).toBeUndefined();
  });

  test('a track with plays is refused', async () => {
    const { trackId } = await store.addRecording(birima);
    await play(trackId);
    await expect(store.delete(trackId)).rejects.toMatchObject({ code: 'track_has_plays', status: 409 });
    expect(await store.get(trackId)).toBeDefined();
  });

  test('what does not exist is a 404', async () => {
    await expect(store.delete(999_999)).rejects.toMatchObject({ code: 'track_not_found', status: 404 });
  });
});

describe('what outside services identify', () => {
  test('is found by ISRC before all', async () => {
    const { trackId } = await store.addRecording(birima);
    const found = await store.identified(
      { title: 'Birima (live)', artists: ['Someone'], isrc: 'FR-Z03-14-00123' },
      'audd',
      fingerprint(1),
    );
    expect(found).toBe(trackId);
    expect(await store.get(trackId)).toMatchObject({
      title: 'Birima',
      fingerprinted: true,
      source: 'import',
    });
  });

  test('then by the identifier of the service, then by title and performers', async () => {
    const first = await store.identified({ title: 'A', artists: ['B', 'C'], externalId: 'x1' }, 'acoustid');
    expect(await store.get(first)).toMatchObject({
      source: 'acoustid',
      externalId: 'x1',
      artists: ['B', 'C'],
    });
    expect(await store.identified({ title: 'Other', artists: [], externalId: 'x1' }, 'acoustid')).toBe(first);
    expect(await store.identified({ title: 'a ', artists: ['c', 'b'] }, 'audd')).toBe(first);
    expect(await store.identified({ title: 'A', artists: ['B'] }, 'audd')).not.toBe(first);
    expect(await store.identified({ title: 'A', artists: [] }, 'audd')).not.toBe(first);
  });

  test('two ISRCs are two recordings, whatever their names', async () => {
    const named = { title: 'A', artists: ['B'] };
    const one = await store.identified({ ...named, isrc: 'FRZ031400001' }, 'audd');
    const two = await store.identified({ ...named, isrc: 'FRZ031400002' }, 'audd');
    expect(two).not.toBe(one);
  });

  test('fills in an ISRC on its own tracks only, and stores none that is not one', async () => {
    const named = { title: 'A', artists: ['B'] };
    const own = await store.identified({ ...named, isrc: 'nonsense' }, 'audd');
    expect(await store.get(own)).not.toHaveProperty('isrc');
    expect(await store.identified({ ...named, isrc: 'FRZ031400001' }, 'audd')).toBe(own);
    expect((await store.get(own))!.isrc).toBe('FRZ031400001');
    const { trackId } = await store.addRecording({ title: 'C', artists: ['D'], source: 'import' });
    expect(await store.identified({ title: 'C', artists: ['D'], isrc: 'FRZ031400003' }, 'audd')).toBe(
      trackId,
    );
    expect(await store.get(trackId)).not.toHaveProperty('isrc');
  });

  test('by ten at the same moment is one track', async () => {
    const ids = await Promise.all(
      Array.from({ length: 10 }, () => store.identified({ title: 'A', artists: ['B'] }, 'audd')),
    );
    expect(new Set(ids).size).toBe(1);
  });

  test('of a duplicate counts for the recording it duplicates', async () => {
    const one = await store.addRecording({ title: 'One', artists: [], source: 'import' });
    await store.addRecording({ ...birima, sameAs: one.trackId });
    expect(await store.identified({ title: 'z', artists: [], isrc: birima.isrc! }, 'audd')).toBe(one.trackId);
  });
});

describe('search', () => {
  beforeEach(async () => {
    await store.addRecording(birima);
    await store.addRecording({ title: 'Étoile 100%', artists: ['Viviane Chidid'], source: 'import' });
    await store.addRecording({ title: 'Écho', artists: ['Omar Péné'], source: 'upload' });
  });
  const titles = async (q: string) => (await store.search({ q })).items.map(({ title }) => title);

  test('ignores case and accents, in title, performers and album, every word', async () => {
    expect(await titles('ETOILE')).toEqual(['Étoile 100%']);
    expect(await titles('pene echo')).toEqual(['Écho']);
    expect(await titles('joko')).toEqual(['Birima']);
    expect(await titles('birima viviane')).toEqual([]);
    expect(await titles('n’dour')).toEqual(['Birima']);
  });

  test('finds an ISRC, and takes wildcards literally', async () => {
    expect(await titles('fr-z03-14-00123')).toEqual(['Birima']);
    expect(await titles('100%')).toEqual(['Étoile 100%']);
    expect(await titles('%%')).toEqual([]);
    expect(await titles("'; DROP TABLE tracks; --")).toEqual([]);
    expect(await titles('a\0')).not.toEqual([]);
  });

  test('comes in pages', async () => {
    const second = await store.search({ page: 2, pageSize: 2 });
    expect(second).toMatchObject({ total: 3, page: 2, pageSize: 2 });
    expect(second.items.map(({ title }) => title)).toEqual(['Étoile 100%']);
  });
});
