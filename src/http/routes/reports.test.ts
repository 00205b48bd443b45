import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countInstruments } from '../../../test/support/counted';
import { startApp, type TestApp } from '../../../test/support/http-app';
import { aPlay, aStation, aTrack } from '../../../test/support/plays';

let app: TestApp;
const counted = countInstruments();
let rts: number;
let birima: number;
beforeAll(async () => {
  app = await startApp();
  const { knex } = app.deps;
  rts = await aStation(knex, 'RTS FM');
  await aStation(knex, 'Sud FM');
  birima = await aTrack(knex, 'Birima', ["Youssou N'Dour"], { isrc: 'SNA011000001' });
  const other = await aTrack(knex, 'Set', ["Youssou N'Dour"]);
  const play = (from: string, to: string, more: object) => aPlay(knex, { station: rts, from, to, ...more });
  // The day before, around midnight, of the day: a play belongs to the day on which it begins.
  await play('2026-11-19T23:59:59.999Z', '2026-11-20T00:03:00Z', { track: birima });
  await play('2026-11-20T00:03:00Z', '2026-11-20T00:06:00Z', { track: birima });
  await play('2026-11-20T12:00:00Z', '2026-11-20T12:01:30.5Z', { track: birima, status: 'cut' });
  await play('2026-11-20T23:59:00Z', '2026-11-21T00:02:00Z', { track: other });
  await play('2026-11-20T13:00:00Z', '2026-11-20T13:02:00Z', {});
  await play('2026-11-20T14:00:00Z', '2026-11-20T14:00:10Z', { kind: 'jingle' });
  await play('2026-11-21T00:00:00Z', '2026-11-21T00:02:00Z', { track: birima });
  // Heard for six hours of that day, then lost.
  await app.deps.knex('stations').update({ created_at: '2026-11-01' });
  const states = [
    ['2026-11-20T00:00:00Z', 'listening'],
    ['2026-11-20T06:00:00Z', 'lost'],
  ] as const;
  for (const [since, state] of states) {
    await knex('station_states').insert({ station_id: rts, state, reason: '', since, heard_until: null });
  }
});
afterAll(() => app.stop());

test('a day is summed up per station and recording', async () => {
  const answer = await app.call('/api/reports/daily?day=2026-11-20');
  expect(answer.status).toBe(200);
  const report = (await answer.json()) as { stations: object[]; lines: object[] };
  expect(report).toMatchObject({ day: '2026-11-20', day_over: true });
  expect(report.stations).toEqual([
    {
      id: rts,
      name: 'RTS FM',
      simulated: false,
      plays: 3,
      identified_s: 450.5,
      unknown_plays: 1,
      unidentified_s: 120,
      coverage: { heard_s: 21_600, elapsed_s: 86_400, ratio: 0.25 },
    },
    {
      id: expect.any(Number),
      name: 'Sud FM',
      simulated: false,
      plays: 0,
      identified_s: 0,
      unknown_plays: 0,
      unidentified_s: 0,
      coverage: { heard_s: 0, elapsed_s: 86_400, ratio: 0 },
    },
  ]);
  expect(report.lines).toMatchObject([
    {
      station: { id: rts },
      track: { id: birima, title: 'Birima', artists: ["Youssou N'Dour"], isrc: 'SNA011000001' },
      plays: 2,
      cut: 1,
      duration_s: 270.5,
    },
    { track: { title: 'Set' }, plays: 1, cut: 0, duration_s: 180 },
  ]);
});

test('the same as CSV, by address and by Accept', async () => {
  for (const [path, headers] of [
    ['/api/reports/daily.csv?day=2026-11-20', {}],
    ['/api/reports/daily?day=2026-11-20', { Accept: 'text/csv' }],
  ] as const) {
    const answer = await app.call(path, { headers });
    expect(answer.headers.get('content-disposition')).toContain('releve-2026-11-20.csv');
    const rows = parse(await answer.text(), { columns: true, bom: true, delimiter: ';' }) as Record<
      string,
      string
    >[];
    expect(rows).toMatchObject([
      {
        Jour: '2026-11-20',
        Station: 'RTS FM',
        Titre: 'Birima',
        Diffusions: '2',
        'Dont coupées': '1',
        'Durée (s)': '270.5',
      },
      { Titre: 'Set', Diffusions: '1', ISRC: '' },
    ]);
  }
});

test('today is not final, and what was made is counted', async () => {
  const today = new Date().toISOString().slice(0, 10);
  const report = await (await app.call(`/api/reports/daily?day=${today}`)).json();
  expect(report).toMatchObject({ day_over: false, lines: [] });
  expect(await counted('sodav.reports.generated')).toEqual({ 'json success': 2, 'csv success': 2 });
});

test('a report that could not be made is counted as such', async () => {
  await app.deps.knex.raw('ALTER TABLE plays RENAME COLUMN kind TO sort');
  try {
    const answer = await app.call('/api/reports/daily?day=2026-11-20');
    expect(answer.status).toBe(500);
    // What went wrong inside is for the log, not for the caller.
    expect(await answer.text()).not.toMatch(/plays|select|column/i);
    expect(app.logged.filter(({ level }) => level === 50).map(({ msg }) => msg)).toEqual(['erreur imprévue']);
    expect(await counted('sodav.reports.generated')).toMatchObject({ 'json failure': 1 });
  } finally {
    await app.deps.knex.raw('ALTER TABLE plays RENAME COLUMN sort TO kind');
  }
});
