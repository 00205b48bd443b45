import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../test/support/http-app';
import { aPlay, aStation, aTrack } from '../../../test/support/plays';
import { PlayStore } from '../../plays/store';

interface Page {
  plays: { id: string; started_at: string; track?: { title: string } }[];
  next_cursor?: string;
}

let app: TestApp;
let ids: string[];
let rts: number;
let sud: number;
let birima: number;
let formula: number;
beforeAll(async () => {
  app = await startApp();
  const { knex } = app.deps;
  rts = await aStation(knex, 'RTS FM');
  sud = await aStation(knex, 'Sud FM (simulée)', { simulated: true });
  birima = await aTrack(knex, 'Birima', ["Youssou N'Dour"], { isrc: 'SNA011000001', album: 'Joko' });
  formula = await aTrack(knex, '=cmd|"x";100 %_de\nvues', ['Baaba Maal', 'Mansour Seck']);
  ids = [];
  // 25 plays, several of them starting in the very same millisecond.
  for (let i = 0; i < 25; i++) {
    const minute = String(Math.floor(i / 3)).padStart(2, '0');
    const known = i % 5 !== 4;
    ids.push(
      await aPlay(knex, {
        station: i % 2 === 0 ? rts : sud,
        ...(known ? { track: i % 3 === 0 ? formula : birima, confidence: 0.9 } : {}),
        ...(i === 7 ? { status: 'cut', cutReason: 'stall' } : {}),
        from: `2026-11-20T10:${minute}:00.123Z`,
        to: `2026-11-20T10:${minute}:45.623Z`,
      }),
    );
  }
});
afterAll(() => app.stop());

const page = async (query: string): Promise<Page> => {
  const answer = await app.call(`/api/plays${query}`);
  expect(answer.status, await answer.clone().text()).toBe(200);
  return (await answer.json()) as Page;
};

describe('pages', () => {
  test('give every play exactly once, newest first, while new ones arrive', async () => {
    const seen: Page['plays'] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const got = await page(`?limit=4${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      seen.push(...got.plays);
      cursor = got.next_cursor;
      if (pages++ === 1) {
        await aPlay(app.deps.knex, {
          station: rts,
          from: '2026-11-21T00:00:00Z',
          to: '2026-11-21T00:01:00Z',
        });
      }
    } while (cursor !== undefined);
    expect(pages).toBe(7);
    expect(seen).toHaveLength(25);
    expect(new Set(seen.map((play) => play.id))).toEqual(new Set(ids));
    const starts = seen.map((play) => play.started_at);
    expect(starts).toEqual([...starts].sort().reverse());
    await app.deps.knex('plays').where('started_at', '>=', '2026-11-21').delete();
  });

  test.each([
    ['?kind=unknown', 5],
    ['?kind=track&method=local', 20],
    ['?method=acoustid', 0],
    ['?status=cut', 1],
    ['?q=BIRIMA', 13],
    ['?q=baaba', 7],
    ['?q=100%20%25_de', 7],
    ['?q=100__%25', 0],
    ['?from=2026-11-20T10:01:00%2B00:00&to=2026-11-20T10:02:00Z', 3],
    ['?from=2026-11-21', 0],
  ])('%s gives %i', async (query, expected) => {
    const got = await page(`${query}&limit=100`);
    expect(got.plays).toHaveLength(expected);
  });

  test('filter by station and track', async () => {
    expect((await page(`?station=${rts}&limit=100`)).plays).toHaveLength(13);
    expect((await page(`?track=${birima}&limit=100`)).plays).toHaveLength(13);
  });
});

test('a play shows what it rests on and what it was before', async () => {
  const { knex } = app.deps;
  const id = ids[7]!;
  const stored = (await knex('plays').where({ id }).first()) as object;
  const before = { ...stored, status: 'open', cut_reason: null };
  await knex('play_revisions').insert({ play_id: id, revision: 1, row: JSON.stringify(before) });
  const play = await (await app.call(`/api/plays/${id}`)).json();
  expect(play).toMatchObject({
    id,
    status: 'cut',
    cut_reason: 'stall',
    duration_s: 45.5,
    start_error_s: 0.3,
    station: { id: sud, simulated: true },
    evidence: { heard: [{ fromS: 1, toS: 20 }] },
    revisions: [{ revision: 1, status: 'open', track_id: birima, started_at: '2026-11-20T10:02:00.123Z' }],
  });
  expect((await app.call('/api/plays/0193567e-0000-7000-8000-000000000000')).status).toBe(404);
});

test('what is not known is not in the answer', async () => {
  const { plays } = await page('?kind=unknown&limit=1');
  expect(Object.keys(plays[0]!)).not.toContain('track');
  expect(Object.keys(plays[0]!)).not.toContain('confidence');
});

describe('CSV', () => {
  const rowsOf = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await app.call(path, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(answer.headers.get('content-disposition')).toContain('diffusions.csv');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.subarray(0, 3).toString('hex')).toBe('efbbbf');
    return parse(bytes, { columns: true, bom: true, delimiter: ';' }) as Record<string, string>[];
  };

  test('holds every play, and texts exactly, a formula defused', async () => {
    const rows = await rowsOf('/api/plays.csv');
    expect(rows.map((row) => row.Identifiant).sort()).toEqual([...ids].sort());
    const titles = new Set(rows.map((row) => row.Titre));
    expect(titles).toEqual(new Set(['Birima', '\'=cmd|"x";100 %_de\nvues', '']));
    const cut = rows.find((row) => row.État === 'coupée')!;
    expect(cut).toMatchObject({
      Station: 'Sud FM (simulée)',
      Simulée: 'oui',
      'Début (UTC)': '2026-11-20T10:02:00.123Z',
      'Durée (s)': '45.5',
      Confiance: '0.9',
      'Cause de coupure': 'stall',
    });
  });

  test('is what Accept asks for, with the filters', async () => {
    const rows = await rowsOf('/api/plays?kind=unknown', { Accept: 'text/csv' });
    expect(rows).toHaveLength(5);
    expect(rows[0]!.Confiance).toBe('');
  });

  test('is streamed whole over more rows than are read at once', async () => {
    const { knex } = app.deps;
    const station = await aStation(knex, 'Longue');
    await knex.raw(
      `INSERT INTO plays (id, revision, station_id, kind, status, started_at, start_error_s, ended_at, end_error_s, evidence)
       SELECT gen_random_uuid(), 1, ?, 'unknown', 'complete', t, 0.1, t + interval '1 s', 0.1, '{}'
       FROM generate_series(timestamptz '2026-01-01', timestamptz '2026-01-01' + interval '2499 s', interval '1 s') t`,
      [station],
    );
    const rows = await rowsOf(`/api/plays.csv?station=${station}`);
    expect(rows).toHaveLength(2_500);
    expect(new Set(rows.map((row) => row.Identifiant)).size).toBe(2_500);
  });
});

test('an export that breaks off does not look whole', async () => {
  const { knex } = app.deps;
  const broken = await startApp(() => ({
    plays: Object.assign(new PlayStore(knex), {
      async *streamCsv() {
        yield 'Identifiant;Station\r\n';
        throw new Error('the database went away');
      },
    }),
  }));
  await expect(broken.call('/api/plays.csv').then((answer) => answer.text())).rejects.toThrow();
  expect(broken.logged.filter(({ level }) => level === 50).map(({ msg }) => msg)).toEqual([
    'réponse interrompue',
  ]);
  expect((await broken.call('/health/live')).status).toBe(200);
  await broken.stop();
});
