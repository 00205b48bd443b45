import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database';
import { playOf, stationAndTrack, unknownOf } from '../../test/support/stored-plays';
import { PlayStore } from './store';
import type { Play } from './types';

let db: Awaited<ReturnType<typeof freshDatabase>>;
let store: PlayStore;
let ids: { stationId: number; trackId: number };

beforeAll(async () => {
  db = await freshDatabase();
  store = new PlayStore(db.knex);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.knex.raw(
    'TRUNCATE plays, play_revisions, stations, tracks, artists, track_artists RESTART IDENTITY CASCADE',
  );
  ids = await stationAndTrack(db.knex, {
    station: 'Radio Sénégal',
    title: 'Birima',
    artists: ["Youssou N'Dour", 'Neneh Cherry'],
    isrc: 'FRZ039800212',
  });
});

const open = (more: Partial<Play> = {}) => playOf(ids, { status: 'open', ...more });
const revisionsOf = async (id: string) => (await store.get(id))!.revisions.map(({ revision }) => revision);

describe('write', () => {
  test('keeps a play as it was given', async () => {
    const plays = [
      playOf(ids, {
        evidence: { sessionId: 's', heard: [{ fromS: 1, toS: 2 }], streamTitle: 'é – «x»', tempo: 1.02 },
      }),
      unknownOf(ids.stationId, { status: 'cut', cutReason: 'stall' }),
    ];
    await store.write(plays);
    for (const play of plays) expect(await store.get(play.id)).toMatchObject({ ...play, revisions: [] });
    expect(await store.get(plays[1]!.id)).not.toHaveProperty('confidence');
  });

  test('again, or with a lower revision, changes nothing', async () => {
    const play = playOf(ids, { revision: 3 });
    await store.write([play]);
    await store.write([play]);
    await store.write([{ ...play, endedAt: play.endedAt + 1000 }]);
    await store.write([{ ...play, revision: 2, status: 'open' }]);
    expect(await store.get(play.id)).toMatchObject({ ...play, revisions: [] });
  });

  test('keeps what a revision replaces, but not how far an open play had got', async () => {
    const first = open();
    const progress = { ...first, revision: 2, endedAt: first.endedAt + 20_000 };
    const complete: Play = { ...progress, revision: 3, status: 'complete' };
    const corrected: Play = { ...complete, revision: 4, endedAt: complete.endedAt - 5_000 };
    for (const play of [first, progress, complete, corrected]) await store.write([play]);
    const { revisions, ...now } = (await store.get(first.id))!;
    expect(now).toMatchObject(corrected);
    expect(revisions).toMatchObject([progress, complete]);
    expect(revisions[0]!.replacedAt).toBeGreaterThan(Date.now() - 60_000);
  });

  test('of a recognised play that is taken back, keeps of whom it was thought to be', async () => {
    const said = open();
    const { trackId: _, method: __, confidence: ___, ...rest } = said;
    const nothing: Play = {
      ...rest,
      revision: 2,
      kind: 'unknown',
      status: 'complete',
      endedAt: said.startedAt,
    };
    await store.write([said]);
    await store.write([nothing]);
    const { revisions, ...now } = (await store.get(said.id))!;
    expect(now).toMatchObject(nothing);
    expect(now).not.toHaveProperty('trackId');
    expect(revisions).toMatchObject([said]);
    expect((await store.list()).items).toEqual([]);
  });

  test('takes several revisions of one play at once', async () => {
    const first = open();
    await store.write([
      first,
      { ...first, revision: 2, status: 'complete' },
      { ...first, revision: 3, trackId: ids.trackId, status: 'cut', cutReason: 'stall' },
    ]);
    expect(await store.get(first.id)).toMatchObject({ revision: 3, status: 'cut' });
    expect(await revisionsOf(first.id)).toEqual([1, 2]);
  });

  test('is idempotent under concurrency: whoever comes when, the highest revision stays and none is lost', async () => {
    const plays = Array.from({ length: 4 }, () => playOf(ids));
    const revisions = plays.flatMap((play) =>
      Array.from(
        { length: 6 },
        (_, i): Play => ({ ...play, revision: i + 1, startedAt: play.startedAt - i * 10_000 }),
      ),
    );
    const shuffled = [...revisions, ...revisions].sort((a, b) =>
      (a.id + a.revision * 7919).localeCompare(b.id + b.revision * 104_729),
    );
    await Promise.all(Array.from({ length: 12 }, (_, i) => store.write(shuffled.slice(i * 4, i * 4 + 4))));
    for (const play of plays) {
      const stored = await store.get(play.id);
      expect(stored).toMatchObject({ revision: 6, startedAt: play.startedAt - 50_000 });
      for (const former of stored!.revisions) {
        expect(former.startedAt).toBe(play.startedAt - (former.revision - 1) * 10_000);
      }
    }
    expect(await store.count()).toBe(4);
  });

  test('two writers of a play that is new do not lose the one that was first', async () => {
    for (let round = 0; round < 20; round++) {
      const play = playOf(ids);
      await Promise.all([store.write([play]), store.write([{ ...play, revision: 2 }])]);
      const stored = (await store.get(play.id))!;
      expect(stored.revision).toBe(2);
      expect(stored.revisions.length).toBeLessThanOrEqual(1);
    }
  });

  test('is all or none', async () => {
    const good = playOf(ids);
    await expect(store.write([good, playOf({ ...ids, stationId: 999 })])).rejects.toMatchObject({
      code: '23503',
    });
    expect(await store.get(good.id)).toBeUndefined();
  });
});

describe('reading', () => {
  test('lists with names, filtered', async () => {
    const other = await stationAndTrack(db.knex, { station: 'Zik FM', title: '100 % mbalax' });
    const a = playOf(ids, { startedAt: 1_700_000_000_000 });
    const b = playOf(other, {
      startedAt: 1_700_000_100_000,
      method: 'acoustid',
      status: 'cut',
      cutReason: 'stall',
    });
    const c = unknownOf(ids.stationId, { startedAt: 1_700_000_200_000 });
    const withdrawn = unknownOf(ids.stationId, { startedAt: 1_700_000_300_000, endedAt: 1_700_000_300_000 });
    await store.write([a, b, c, withdrawn]);
    const found = async (filters: Parameters<PlayStore['list']>[0]) => {
      const { items } = await store.list(filters);
      expect(await store.count(filters)).toBe(items.length);
      return items.map(({ id }) => ['c', 'b', 'a'][[c, b, a].findIndex((play) => play.id === id)]).join('');
    };
    expect((await store.list({ trackId: ids.trackId })).items).toEqual([
      {
        ...a,
        stationName: 'Radio Sénégal',
        simulated: false,
        title: 'Birima',
        artists: ["Youssou N'Dour", 'Neneh Cherry'],
        isrc: 'FRZ039800212',
      },
    ]);
    expect(await found({})).toBe('cba');
    expect(await found({ stationId: ids.stationId })).toBe('ca');
    expect(await found({ kind: 'unknown' })).toBe('c');
    expect(await found({ status: 'cut' })).toBe('b');
    expect(await found({ method: 'acoustid' })).toBe('b');
    expect(await found({ from: 1_700_000_100_000 })).toBe('cb');
    expect(await found({ to: 1_700_000_100_000 })).toBe('a');
    expect(await found({ q: 'biri' })).toBe('a');
    expect(await found({ q: 'NENEH' })).toBe('a');
    expect(await found({ q: 'FRZ03' })).toBe('a');
    expect(await found({ q: 'zik' })).toBe('b');
    expect(await found({ q: '100 %' })).toBe('b');
    expect(await found({ q: '%%' })).toBe('');
    expect(await found({ q: "' OR 1=1 --" })).toBe('');
  });

  test('pages are stable while plays are added, also where many begin at once', async () => {
    const plays = Array.from({ length: 25 }, (_, i) =>
      playOf(ids, { startedAt: 1_700_000_000_000 + Math.floor(i / 5) * 1000 }),
    );
    await store.write(plays);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list({ pageSize: 4, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      await store.write([playOf(ids, { startedAt: 1_800_000_000_000 })]);
    } while (cursor !== undefined);
    expect(seen).toHaveLength(25);
    expect(new Set(seen)).toEqual(new Set(plays.map(({ id }) => id)));
  });

  test.each(['x', '', 'MTIz', Buffer.from("1.' OR 1=1").toString('base64url')])(
    'refuses the cursor %j',
    async (cursor) => {
      await expect(store.list({ cursor })).rejects.toMatchObject({ code: 'invalid_cursor', status: 400 });
    },
  );

  test('an unknown id is nothing, whatever it looks like', async () => {
    expect(await store.get('../etc/passwd')).toBeUndefined();
    expect(await store.get('01890000-0000-7000-8000-000000000000')).toBeUndefined();
  });

  test('tells what is open and what plays now', async () => {
    const now = 1_700_000_600_000;
    const old = open({ startedAt: now - 900_000, endedAt: now - 700_000 });
    const playing = open({ startedAt: now - 90_000, endedAt: now - 15_000 });
    await store.write([old, playing, playOf(ids, { startedAt: now - 50_000, endedAt: now - 10_000 })]);
    expect(await store.openPlays()).toEqual([old, playing]);
    expect(await store.openPlays(ids.stationId + 1)).toEqual([]);
    expect(await store.now(ids.stationId, now)).toMatchObject({ id: playing.id, title: 'Birima' });
    expect(await store.now(ids.stationId, now + 120_000)).toBeUndefined();
  });

  test('exports every play as CSV that a spreadsheet does not run', async () => {
    const evil = await stationAndTrack(db.knex, {
      station: '=cmd|calc',
      title: '+1;"quoted"\nline',
      artists: ['@SUM(A1)'],
    });
    const plays = [
      ...Array.from({ length: 520 }, (_, i) => playOf(ids, { startedAt: 1_700_000_000_000 + i * 1000 })),
      playOf(evil, { startedAt: Date.UTC(2026, 10, 1, 8, 30), endedAt: Date.UTC(2026, 10, 1, 8, 33, 20) }),
    ];
    await store.write(plays);
    let text = '';
    for await (const piece of store.streamCsv()) text += piece;
    const rows: Record<string, string>[] = parse(text, { delimiter: ';', columns: true, bom: true });
    expect(text.charCodeAt(0)).toBe(0xfeff);
    expect(rows).toHaveLength(521);
    expect(new Set(rows.map((row) => row.Identifiant))).toEqual(new Set(plays.map(({ id }) => id)));
    expect(rows[0]).toMatchObject({
      Station: "'=cmd|calc",
      Titre: `'+1;"quoted"\nline`,
      Artistes: "'@SUM(A1)",
      'Début (Dakar)': '2026-11-01 08:30:00',
      'Début (UTC)': '2026-11-01T08:30:00.000Z',
      'Fin (UTC)': '2026-11-01T08:33:20.000Z',
      'Durée (s)': '200.0',
      Nature: 'titre',
      État: 'complète',
      Confiance: '0.98',
      ISRC: '',
    });
  });

  test('reports a day per recording and station', async () => {
    const day = Date.UTC(2026, 10, 1);
    await store.write([
      playOf(ids, { startedAt: day }),
      playOf(ids, {
        startedAt: day + 3_600_000,
        status: 'cut',
        cutReason: 'stall',
        endedAt: day + 3_660_000,
      }),
      playOf(ids, { startedAt: day - 1 }),
      playOf(ids, { startedAt: day + 86_400_000 }),
      unknownOf(ids.stationId, { startedAt: day + 86_399_999 }),
    ]);
    expect(await store.dailyReport('2026-11-01')).toEqual({
      day: '2026-11-01',
      tracks: [
        {
          ...ids,
          stationName: 'Radio Sénégal',
          simulated: false,
          title: 'Birima',
          artists: ["Youssou N'Dour", 'Neneh Cherry'],
          isrc: 'FRZ039800212',
          plays: 2,
          cut: 1,
          open: 0,
          seconds: 240,
          firstAt: day,
          lastAt: day + 3_600_000,
        },
      ],
      unknown: [{ stationId: ids.stationId, stationName: 'Radio Sénégal', plays: 1, seconds: 180 }],
    });
    await expect(store.dailyReport('2026-02-30')).rejects.toMatchObject({ code: 'invalid_day' });
    await expect(store.dailyReport("1' OR")).rejects.toMatchObject({ code: 'invalid_day' });
  });
});

describe('identified', () => {
  test('makes an unknown play a track play, by a new revision', async () => {
    const unknown = unknownOf(ids.stationId, { revision: 4 });
    await store.write([unknown]);
    await store.identified(unknown.id, ids.trackId, 'acoustid', 0.91);
    const stored = await store.get(unknown.id);
    expect(stored).toMatchObject({
      kind: 'track',
      trackId: ids.trackId,
      method: 'acoustid',
      confidence: 0.91,
      revision: 5,
    });
    expect(stored!.revisions).toMatchObject([unknown]);
  });

  test('gives no confidence where the service gave none', async () => {
    const unknown = unknownOf(ids.stationId);
    await store.write([unknown]);
    expect(await store.identified(unknown.id, ids.trackId, 'audd')).not.toHaveProperty('confidence');
  });

  test('refuses what is not unknown, or not there', async () => {
    const play = playOf(ids);
    await store.write([play]);
    await expect(store.identified(play.id, ids.trackId, 'audd')).rejects.toMatchObject({
      code: 'play_not_unknown',
    });
    await expect(
      store.identified('01890000-0000-7000-8000-000000000000', ids.trackId, 'audd'),
    ).rejects.toMatchObject({ code: 'play_not_found' });
  });
});
