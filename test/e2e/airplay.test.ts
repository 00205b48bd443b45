import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlayView } from '../../src/http/play-view';
import { type Simulator, startSimulator } from '../../src/simulator/client';
import { runCommand } from '../support/command';
import { freshDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { Service } from '../support/service-process';
import { airedOf, astray, type Judgement, judge } from './truth';

/** Air passes this many times as fast as the machine's clock; the simulator and the service share it. */
const RATE = 3;
/** Of air, per station, seconds. */
const AIR_S = 180;
/** How far a play's bounds may be from the truth, seconds. */
const LIMIT_S = 3;
/** What a station sends at once to a new listener, and how late the sound of an encoder may be, seconds. */
const BURST_S = 6;
const ON_ITS_WAY_S = 6;

describe('three stations over HTTP, a few minutes of air', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sodav-e2e-airplay-'));
  const origin = Date.now();
  const airNow = () => origin + (Date.now() - origin) * RATE;
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let simulator: Simulator;
  let service: Service;

  beforeAll(async () => {
    database = await freshDatabase();
    simulator = await startSimulator({
      rate: RATE,
      origin,
      stations: 3,
      codecs: 'mp3,aac,vorbis',
      minSeconds: 32,
      maxSeconds: 48,
    });
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    await simulator?.stop();
    await database?.drop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 300_000);

  test('every song is in the log, none is invented, and the scrape agrees', async () => {
    const files = await simulator.writeLibrary(join(dataDir, 'musique'));
    const environment = { DATABASE_URL: database.url, DEMO: 'off' };
    const imported = await runCommand('src/library/import-command', [join(dataDir, 'musique')], {
      ...environment,
      DATA_DIR: dataDir,
    });
    expect(imported, imported.stderr).toMatchObject({ status: 0 });

    service = await Service.start(dataDir, {
      ...environment,
      SODAV_CLOCK_RATE: String(RATE),
      SODAV_CLOCK_ORIGIN: String(origin),
    });
    const air = await simulator.stations();
    const listeningFrom = airNow();
    for (const { name, url } of air) await service.addStation(name, url);
    await eventually(60_000, async () =>
      (await service.stations()).every(({ state }) => state === 'listening'),
    );
    const from = airNow();

    await eventually((AIR_S / RATE) * 1_000 + 30_000, () => airNow() > from + AIR_S * 1_000);
    const until = airNow();
    // What ended by now is in the log as soon as the recogniser has heard that it did.
    const truth = await simulator.truth();
    const aired = airedOf(truth.entries, air);
    const look = async () =>
      judge(aired, await service.plays(), ({ startedAt, endedAt }) => startedAt >= from && endedAt < until);
    let last: Judgement | undefined;
    const judgement = await eventually(60_000, async () => {
      last = await look();
      return last.missing.length === 0 && last.logged.every(({ play }) => play.status !== 'open') && last;
    }).catch(() => last!);
    // A machine that cannot keep this pace loses streams: then that is what is wrong, and not the log.
    const reconnects = (await service.metrics()).samples('sodav_stream_reconnects_total');
    expect(reconnects.filter(({ value }) => value > 0)).toEqual([]);
    expect(judgement.missing).toEqual([]);
    expect(judgement.doubled).toEqual([]);
    expect(judgement.invented).toEqual([]);
    expect(astray(judgement.logged, LIMIT_S)).toEqual([]);
    const known = judgement.logged.filter(({ song }) => song.kind === 'track');
    expect(known.length).toBeGreaterThanOrEqual(6);
    for (const { play } of known) expect(play).toMatchObject({ status: 'complete', method: 'local' });

    await scrapeAgrees(files.length, { from, listeningFrom });
  }, 300_000);

  /** The counters are read between two readings of the log that say the same. */
  async function scrapeAgrees(tracks: number, air: { from: number; listeningFrom: number }): Promise<void> {
    const closed = async () => (await service.plays()).filter(({ status }) => status !== 'open');
    const count = (plays: readonly PlayView[], kind: string, status: string) =>
      plays.filter((play) => play.kind === kind && play.status === status).length;
    // A play is counted when it ends, and is in the log once it is written.
    const metrics = await eventually(60_000, async () => {
      const before = await closed();
      const [earliest, scrape, latest] = [airNow(), await service.metrics(), airNow()];
      if ((await closed()).length !== before.length) return false;
      for (const kind of ['track', 'unknown', 'jingle']) {
        for (const status of ['complete', 'cut']) {
          expect([kind, status, scrape.value('sodav_plays_total', { kind, status })]).toEqual([
            kind,
            status,
            count(before, kind, status),
          ]);
        }
      }
      return { scrape, earliest, latest, plays: before };
    });
    const { scrape, earliest, latest, plays } = metrics;
    const successes = scrape.value('sodav_detections_total', {
      detection_method: 'local',
      status: 'success',
    });
    expect(successes).toBeGreaterThanOrEqual(plays.filter(({ kind }) => kind === 'track').length);
    expect(
      scrape.value('sodav_detection_confidence_count', { detection_method: 'local' }),
    ).toBeGreaterThanOrEqual(successes!);
    expect(scrape.value('sodav_track_count')).toBe(tracks);
    expect(scrape.value('sodav_active_stations')).toBe(3);
    expect(scrape.value('sodav_stations', { state: 'listening' })).toBe(3);
    expect(scrape.value('sodav_index_tracks')).toBe(tracks);
    expect(scrape.sum('sodav_external_api_requests_total')).toBe(0);
    expect(scrape.sum('sodav_audio_dropped_seconds_total')).toBe(0);
    const heardS = scrape.value('sodav_audio_heard_seconds_total')!;
    // What the stations send at once to a new listener was on the air before; what is on its way is not heard yet.
    expect(heardS).toBeGreaterThan((3 * (earliest - air.from)) / 1_000 - 3 * ON_ITS_WAY_S);
    expect(heardS).toBeLessThan((3 * (latest - air.listeningFrom)) / 1_000 + 3 * BURST_S);
    const covered = plays.reduce((sum, { duration_s }) => sum + duration_s, 0);
    expect(heardS).toBeGreaterThan(covered);
  }
});
