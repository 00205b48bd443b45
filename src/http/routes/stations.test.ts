import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../test/support/http-app';
import { aPlay, aStation, aTrack } from '../../../test/support/plays';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

test('a station is added, changed, paused, listed and removed, and its listener told each time', async () => {
  const added = await app.send('POST', '/api/stations', {
    name: ' RTS FM ',
    url: 'http://radio.example/rts',
  });
  expect(added.status).toBe(201);
  const station = (await added.json()) as { id: number };
  expect(station).toMatchObject({ name: 'RTS FM', url: 'http://radio.example/rts', paused: false });
  expect(added.headers.get('location')).toBe(`/api/stations/${station.id}`);
  expect(app.applied.at(-1)).toMatchObject({ id: station.id, paused: false });

  const paused = await app.send('PATCH', `/api/stations/${station.id}`, { paused: true });
  expect(paused.status).toBe(200);
  expect(app.applied.at(-1)).toMatchObject({ id: station.id, paused: true });

  const since = Date.UTC(2026, 10, 24, 10);
  app.statuses.set(station.id, {
    state: 'lost',
    reason: 'flux injoignable',
    since,
    reconnectsToday: 3,
    coverageToday: 0.5,
  });
  const list = await (await app.call('/api/stations')).json();
  expect(list).toEqual({
    stations: [
      {
        id: station.id,
        name: 'RTS FM',
        url: 'http://radio.example/rts',
        paused: true,
        simulated: false,
        state: 'lost',
        reason: 'flux injoignable',
        since: '2026-11-24T10:00:00.000Z',
        reconnects_today: 3,
        coverage_today: 0.5,
      },
    ],
  });

  const removed = await app.call(`/api/stations/${station.id}`, { method: 'DELETE' });
  expect(removed.status).toBe(204);
  expect(app.removed).toContain(station.id);
  expect((await app.call(`/api/stations/${station.id}`)).status).toBe(404);
});

test('a taken name is a conflict, and nothing is listened to', async () => {
  const body = { name: 'Zik FM', url: 'http://radio.example/zik' };
  await app.send('POST', '/api/stations', body);
  const before = app.applied.length;
  const again = await app.send('POST', '/api/stations', body);
  expect(again.status).toBe(409);
  expect(app.applied.length).toBe(before);
});

test("credentials in a stream's address are not shown", async () => {
  const id = await aStation(app.deps.knex, 'Privée', { url: 'http://user:secret@radio.example/live' });
  const text = await (await app.call(`/api/stations/${id}`)).text();
  expect(text).not.toContain('secret');
  expect(JSON.parse(text).url).toBe('http://…@radio.example/live');
});

test('what is on the air now is an open play heard within the last minute', async () => {
  const { knex } = app.deps;
  const station = await aStation(knex, 'Sud FM');
  const track = await aTrack(knex, 'Birima', ["Youssou N'Dour"]);
  const ago = (s: number) => new Date(Date.now() - s * 1_000).toISOString();
  await aPlay(knex, { station, track, status: 'open', from: ago(9_000), to: ago(8_800) });
  await aPlay(knex, { station, track, status: 'complete', from: ago(300), to: ago(100) });
  const id = await aPlay(knex, {
    station,
    track,
    status: 'open',
    from: ago(40),
    to: ago(3),
    confidence: 0.98,
  });
  const now = await (await app.call(`/api/stations/${station}/now`)).json();
  expect(now).toMatchObject({
    station: { id: station, name: 'Sud FM' },
    play: { id, status: 'open', confidence: 0.98, track: { title: 'Birima', artists: ["Youssou N'Dour"] } },
  });
  const other = await aStation(knex, 'Muette');
  expect(await (await app.call(`/api/stations/${other}/now`)).json()).not.toHaveProperty('play');
  const plays = (await (await app.call(`/api/stations/${station}/plays?limit=2`)).json()) as {
    plays: object[];
    next_cursor: string;
  };
  expect(plays.plays).toHaveLength(2);
  expect(plays.next_cursor).toBeTypeOf('string');
});

test('messages come in French, or in English to those who ask', async () => {
  const ask = async (language?: string) => {
    const headers: Record<string, string> = language === undefined ? {} : { 'Accept-Language': language };
    const answer = await app.call('/api/stations/999999', { headers });
    return ((await answer.json()) as { error: { message: string; code: string } }).error;
  };
  expect(await ask()).toMatchObject({ code: 'station_not_found', message: "Cette station n'existe pas." });
  expect((await ask('en-GB,fr;q=0.5')).message).toBe('This station does not exist.');
  expect((await ask('wo')).message).toBe("Cette station n'existe pas.");
});
