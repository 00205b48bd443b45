import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlayView } from '../../src/http/play-view';
import { type SimulatedStation, startSimulator } from '../../src/simulator/client';
import { runCommand } from '../support/command';
import { freshDatabase, type OwnServer, ownServer } from '../support/database';
import { eventually } from '../support/eventually';
import { Service } from '../support/service-process';
import { airedOf, judge } from './truth';

const folder = mkdtempSync(join(tmpdir(), 'sodav-e2e-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A simulator, and a service that knows all of its songs, on one clock. */
async function air(
  name: string,
  databaseUrl: string,
  rate: number,
  options: { stations: number; tracks: number; minSeconds: number; maxSeconds: number },
) {
  const origin = Date.now();
  const simulator = await startSimulator({ ...options, rate, origin, unknown: 0, codecs: 'mp3,aac' });
  const dataDir = join(folder, name);
  const files = join(folder, `${name}-musique`);
  await simulator.writeLibrary(files);
  const environment = {
    DATABASE_URL: databaseUrl,
    DEMO: 'off',
    SODAV_CLOCK_RATE: String(rate),
    SODAV_CLOCK_ORIGIN: String(origin),
  };
  const imported = await runCommand('src/library/import-command', [files], {
    ...environment,
    DATA_DIR: dataDir,
  });
  expect(imported, imported.stderr).toMatchObject({ status: 0 });
  return {
    simulator,
    stations: await simulator.stations(),
    now: () => origin + (Date.now() - origin) * rate,
    start: () => Service.start(dataDir, environment),
  };
}

type Air = Awaited<ReturnType<typeof air>>;

async function listen(service: Service, stations: readonly SimulatedStation[]): Promise<void> {
  for (const { name, url } of stations) await service.addStation(name, url);
  await eventually(60_000, async () =>
    (await service.stations()).every(({ state }) => state === 'listening'),
  );
}

describe('PostgreSQL goes away', () => {
  let server: OwnServer;
  let on: Air;
  let service: Service;
  beforeAll(async () => {
    server = await ownServer();
    on = await air('postgres', server.url, 5, { stations: 2, tracks: 6, minSeconds: 31, maxSeconds: 45 });
    service = await on.start();
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    await on?.simulator.stop();
    await server?.destroy();
  }, 300_000);

  /** Of the songs that began after `from` and have ended by `until`, none is missing and none is there twice. */
  async function complete(from: number, until: number): Promise<void> {
    const aired = airedOf((await on.simulator.truth()).entries, on.stations);
    const promised = aired.songs.filter(({ startedAt, endedAt }) => startedAt >= from && endedAt < until);
    expect(promised.length).toBeGreaterThanOrEqual(2);
    let judgement: ReturnType<typeof judge> | undefined;
    await eventually(
      120_000,
      async () => {
        judgement = judge(aired, await service.plays(), (song) => promised.includes(song));
        return judgement.missing.length === 0;
      },
      () => JSON.stringify(judgement?.missing),
    );
    expect(judgement).toMatchObject({ missing: [], doubled: [], invented: [] });
  }

  const waiting = async () => (await service.metrics()).value('sodav_play_journal_entries');
  const ended = async () => (await service.metrics()).sum('sodav_plays_total', { kind: 'track' });

  test('plays wait on disk and are written when it is back; the scrape says what it cannot know', async () => {
    await listen(service, on.stations);
    const from = on.now();
    await eventually(60_000, async () => (await service.plays()).length >= 2);
    const known = (await service.plays()).map(({ id }) => id);
    expect((await service.metrics()).value('sodav_track_count')).toBe(6);

    await server.stop();
    const before = await ended();
    const away = await eventually(60_000, async () => {
      const asked = Date.now();
      const scrape = await service.metrics();
      expect(Date.now() - asked).toBeLessThan(2_000);
      return scrape.value('sodav_collector_success', { collector: 'library' }) === 0 && scrape;
    });
    expect(away.value('sodav_track_count')).toBeUndefined();
    expect(away.value('sodav_artist_count')).toBeUndefined();
    expect(away.value('sodav_active_stations')).toBe(2);
    expect((await fetch(`${service.url}/api/plays`)).status).toBe(503);
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    // Songs end that PostgreSQL does not hear of.
    await eventually(60_000, async () => (await ended()) >= before + 4);
    expect(await waiting()).toBeGreaterThan(0);

    await server.start();
    const until = on.now();
    await eventually(60_000, async () => (await waiting()) === 0);
    await eventually(60_000, async () => {
      const scrape = await service.metrics();
      expect(scrape.value('sodav_collector_success', { collector: 'library' })).toBe(1);
      return scrape.value('sodav_track_count') === 6;
    });
    await complete(from, until);
    expect((await service.plays()).map(({ id }) => id)).toEqual(expect.arrayContaining(known));
  }, 300_000);

  test('what waits on disk outlasts a kill -9 of the service and of PostgreSQL', async () => {
    const from = on.now();
    await server.kill();
    const before = await ended();
    await eventually(60_000, async () => (await ended()) >= before + 4);
    expect(await waiting()).toBeGreaterThan(0);
    const until = on.now();
    await service.kill();

    await server.start();
    service = await on.start();
    // What began before is judged as well: its end was among what waited.
    await complete(from - 60_000, until - 10_000);
  }, 300_000);
});

describe('the service and its stations', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let on: Air;
  let service: Service;
  beforeAll(async () => {
    database = await freshDatabase();
    on = await air('service', database.url, 3, { stations: 1, tracks: 2, minSeconds: 290, maxSeconds: 300 });
    service = await on.start();
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    await on?.simulator.stop();
    await database?.drop();
  }, 300_000);

  const only = (plays: readonly PlayView[]) => {
    expect(plays).toHaveLength(1);
    return plays[0]!;
  };

  test('killed in the middle of a song, it goes on with the same play', async () => {
    await listen(service, on.stations);
    const before = await eventually(60_000, async () => (await service.plays())[0]);
    expect(before).toMatchObject({ kind: 'track', status: 'open' });
    await service.kill();
    service = await on.start();
    const restartedAt = on.now();
    // What was acknowledged is there from the first answer on.
    expect(only(await service.plays())).toMatchObject({
      id: before.id,
      track: before.track,
      started_at: before.started_at,
    });
    const after = await eventually(60_000, async () => {
      const play = only(await service.plays());
      return (Date.parse(play.ended_at) > restartedAt || play.status !== 'open') && play;
    });
    expect(after).toMatchObject({ id: before.id, track: before.track, status: 'open' });
    expect(Math.abs(Date.parse(after.started_at) - Date.parse(before.started_at))).toBeLessThan(3_000);
  }, 300_000);

  test('a stream that drops: the station is lost, the song is cut where it was heard last', async () => {
    const [station] = on.stations;
    const asked = on.now();
    await on.simulator.fault(station!.mount, 'drop', 600);
    const dropped = on.now();
    const lost = await eventually(60_000, async () =>
      (await service.stations()).find(({ state }) => state === 'lost'),
    );
    expect(lost.reason).toMatch(/injoignable|fermé/);
    expect((await service.metrics()).value('sodav_stations', { state: 'lost' })).toBe(1);
    const cut = await eventually(90_000, async () => {
      const play = only(await service.plays());
      return play.status !== 'open' && play;
    });
    expect(cut).toMatchObject({ status: 'cut', cut_reason: expect.stringMatching(/^(ended|unreachable)$/) });
    // It dropped somewhere between these two moments.
    expect(Date.parse(cut.ended_at)).toBeGreaterThan(asked - 3_000);
    expect(Date.parse(cut.ended_at)).toBeLessThan(dropped + 3_000);
    await on.simulator.fault(station!.mount, 'drop', 0);
    await eventually(60_000, async () => (await service.stations())[0]?.state === 'listening');
  }, 300_000);

  test('a port that is taken is one clear line and a failure', async () => {
    const { port } = new URL(service.url);
    const other = Service.spawn(join(folder, 'other'), {
      DATABASE_URL: database.url,
      DEMO: 'off',
      PORT: port,
    });
    const { status, stderr } = await other.ended;
    expect(status).toBeGreaterThan(0);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(`Le port ${port} est déjà pris`)]);
  }, 300_000);

  test('told to end, it ends within ten seconds and keeps what goes on', async () => {
    await eventually(60_000, async () => (await service.plays()).some(({ status }) => status === 'open'));
    const before = (await service.plays()).map(({ id }) => id);
    const asked = Date.now();
    expect(await service.stop()).toMatchObject({ status: 0, signal: null });
    expect(Date.now() - asked).toBeLessThan(10_000);
    const { rows } = await database.knex.raw('SELECT id FROM plays ORDER BY id');
    expect(rows.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(before));
  }, 300_000);
});

test('a wrong environment: every finding at once, and a failure', async () => {
  const service = Service.spawn(join(folder, 'wrong'), {
    PORT: '99999',
    DATABASE_URL: 'mysql://localhost/sodav',
    LOG_LEVEL: 'loud',
    SODAV_CLOCK_RATE: 'fast',
  });
  const { status, stdout, stderr } = await service.ended;
  expect(status).toBeGreaterThan(0);
  expect(stdout).toBe('');
  const lines = stderr.trim().split('\n');
  for (const name of ['PORT', 'DATABASE_URL', 'LOG_LEVEL', 'SODAV_CLOCK_RATE']) {
    expect(lines.filter((line) => new RegExp(`\\b${name} :`).test(line))).toHaveLength(1);
  }
  expect(lines).toHaveLength(4);
  expect(stderr).not.toContain('mysql://');
}, 300_000);
