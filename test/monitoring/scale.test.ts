import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { queriesOf } from '../../dashboards/lib/queries';
import { decodeFile } from '../../src/capture/decode-file';
import { LibraryStore } from '../../src/library/store';
import { fingerprintOf } from '../../src/recognition/local/fingerprint';
import { encodeAudio } from '../support/audio';
import { freshDatabase } from '../support/database';
import { installed } from '../support/installed';
import { prometheusConfig } from '../support/monitoring';
import { tune } from '../support/music';
import { type Running, startPrometheus, until } from '../support/prometheus';
import { Radio } from '../support/radio';
import type { Service } from '../support/service-process';
import { dashboards, series, value } from './asking';
import { startService } from './processes';

const COPIES = 3;
const STATIONS = ['Radio Une', 'Radio Deux'];
const SONG_S = 120;

/** Three copies of the service on one database, behind one job of Prometheus. */
describe.skipIf(!installed('prometheus'))('three copies of the service', () => {
  const radio = new Radio();
  const ends: (() => unknown)[] = [];
  const copies: Service[] = [];
  let token: string;
  let prometheus: Running;
  let database: Awaited<ReturnType<typeof freshDatabase>>;

  /** Copies that say that they hear stations, by their own page of metrics. */
  const listeners = async (): Promise<Service[]> => {
    const heard = await Promise.all(
      copies.map(async (copy) => (await copy.metrics()).value('sodav_active_stations')),
    );
    return copies.filter((_, index) => heard[index]! > 0);
  };
  const instance = (copy: Service) => new URL(copy.url).host;

  /** A panel's query, of all copies or of one. */
  const panel = (dashboard: string, title: string, one?: Service): string => {
    const board = dashboards.find((board) => board.title === dashboard)!;
    return queriesOf(board)
      .find((query) => query.panel === title)!
      .expr.replaceAll('$__rate_interval', '15s')
      .replaceAll('$instance', one === undefined ? '.+' : instance(one))
      .replace(/\$(job|station)\b/g, '.+');
  };
  const shown = (dashboard: string, title: string) => value(prometheus.url, panel(dashboard, title));
  /** Once Prometheus has read it from all copies. */
  const reads = (dashboard: string, title: string, wanted: number) =>
    until(
      () => shown(dashboard, title),
      (n) => n === wanted,
      90,
    );

  beforeAll(async () => {
    database = await freshDatabase();
    ends.push(database.drop);
    const mp3 = encodeAudio('mp3', { samples: tune(7, SONG_S, 44_100) });
    const library = new LibraryStore(database.knex);
    const fingerprint = fingerprintOf(decodeFile(mp3).samples);
    const song = { source: 'import' as const, durationS: SONG_S };
    await library.addRecording({ ...song, title: 'Fleuve', artists: ['Awa'], fingerprint });
    await library.addRecording({ ...song, title: 'Mangrove', artists: ['Awa'] });
    await library.addRecording({ ...song, title: 'Lagune', artists: ['Bineta'] });

    const folder = mkdtempSync(join(tmpdir(), 'sodav-first-'));
    for (let number = 0; number < COPIES; number++) {
      const settings = { DATABASE_URL: database.url, DEMO: 'off', RECOGNITION_THREADS: '1' };
      const copy = await startService(settings, number === 0 ? folder : undefined);
      ends.push(() => copy.stop());
      copies.push(copy);
    }
    token = readFileSync(join(folder, 'api-token'), 'utf8').trim();

    const config = parse(prometheusConfig({ service: copies[0]!.url }));
    const ours = (job: { job_name: string }) => job.job_name === 'sodav-monitor-backend';
    config.scrape_configs.find(ours).static_configs = [{ targets: copies.map(instance) }];
    prometheus = await startPrometheus(stringify(config), { hurry: true });
    ends.push(() => prometheus.stop());

    await radio.start();
    ends.push(() => radio.stop());
    const programme = { bytes: mp3, contentType: 'audio/mpeg', pace: mp3.length / SONG_S };
    // The last copy is asked, which does not listen: all of them answer the API.
    for (const name of STATIONS) {
      const answer = await fetch(`${copies.at(-1)!.url}/api/stations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ name, url: radio.air(`/${STATIONS.indexOf(name)}`, programme) }),
      });
      expect(answer.status).toBe(201);
    }
  }, 300_000);

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  }, 300_000);

  test('one of them listens, every station once; each answers the API', async () => {
    await until(
      () => shown('System Overview', 'Nombre de stations actives'),
      (n) => n === STATIONS.length,
      90,
    );
    expect(await listeners()).toEqual([copies[0]]);
    expect(radio.requests.map(({ url }) => url).sort()).toEqual(['/0', '/1']);
    for (const copy of copies) {
      expect((await copy.stations()).map(({ name }) => name).sort()).toEqual([...STATIONS].sort());
      expect((await fetch(`${copy.url}/health/ready`)).status).toBe(200);
    }
    for (const copy of copies.slice(1)) expect(copy.log).toContain('prend la relève si l’autre s’arrête');
  }, 300_000);

  test('no play is logged twice', async () => {
    const plays = await until(
      () => copies[1]!.plays(),
      (some) => some.length >= STATIONS.length,
      90,
    );
    expect(plays.map(({ station, track }) => `${station.name}: ${track?.title}`).sort()).toEqual([
      'Radio Deux: Fleuve',
      'Radio Une: Fleuve',
    ]);
  }, 300_000);

  test('what all report of the same database is read once', async () => {
    const { rows } = await database.knex.raw(
      'SELECT (SELECT count(*) FROM tracks)::int AS tracks, (SELECT count(*) FROM artists)::int AS artists',
    );
    expect(rows[0]).toEqual({ tracks: 3, artists: 2 });
    expect(await series(prometheus.url, 'sodav_track_count')).toHaveLength(COPIES);
    expect(await reads('System Overview', 'Nombre de pistes', 3)).toBe(3);
    expect(await reads('System Overview', 'Nombre d’artistes', 2)).toBe(2);
    expect(await reads('Stations', 'Écoutées', 2)).toBe(2);
    expect(await reads('Stations', 'Perdues', 0)).toBe(0);
    expect(await reads('Détection Musicale', 'Titres dans l’index', 1)).toBe(1);
    const states = await series(prometheus.url, panel('System Overview', 'Stations par état'));
    expect(states.reduce((sum, { value: [, n] = [0, '0'] }) => sum + Number(n), 0)).toBe(2);
    // The table has a line per station, not one per station and copy; 1 is « écoutée ».
    const lines = await series(prometheus.url, panel('Stations', 'État de chaque station'));
    expect(lines.map(({ metric, value: now }) => [metric.station, now![1]]).sort()).toEqual([
      ['Radio Deux', '1'],
      ['Radio Une', '1'],
    ]);
  }, 300_000);

  test('what each has counted is summed', async () => {
    for (const [index, times] of [5, 7, 11].entries()) {
      for (let n = 0; n < times; n++) await copies[index]!.get('/api/tracks');
    }
    const asked = 'sodav_http_requests_total{method="GET", endpoint="/api/tracks", status="200"}';
    await until(
      () => value(prometheus.url, `sum(${asked})`),
      (n) => n === 23,
    );
    const each = await series(prometheus.url, asked);
    const byCopy = new Map(each.map(({ metric, value: now }) => [metric.instance, now![1]]));
    expect(copies.map((copy) => byCopy.get(instance(copy)))).toEqual(['5', '7', '11']);

    // The panel's rate is that of the three together, at the same moment.
    const rates = async () => {
      // A moment whose readings have all arrived: one that comes between two of these questions would be in one only.
      const at = Date.now() / 1_000 - 3;
      const rate = (one?: Service) =>
        value(prometheus.url, `sum(${panel('System Overview', 'Nombre de requêtes HTTP', one)})`, at);
      return { together: (await rate())!, alone: await Promise.all(copies.map((copy) => rate(copy))) };
    };
    const { together, alone } = await until(rates, ({ alone }) => alone.every((one) => (one ?? 0) > 0));
    expect(together).toBeCloseTo(
      alone.reduce((sum: number, one) => sum + one!, 0),
      6,
    );
    // Seconds of audio per second: two stations, however many copies there are. The rate's window must be full.
    await until(
      () => value(prometheus.url, 'count_over_time((max(sodav_active_stations) == 2)[2m:1s])'),
      (seconds) => (seconds ?? 0) >= 18,
      90,
    );
    const heard = (await shown('Stations', 'Son écouté'))!;
    expect(heard).toBeGreaterThan(1.4);
    expect(heard).toBeLessThan(2.6);
  }, 300_000);

  test('those that wait make no alert', async () => {
    // Connecting may have been a tenth of these few seconds; of a day it is nothing.
    const serious = 'severity=~"critical|warning", alertname!="SodavStationCoverageLow"';
    const alerts = await series(prometheus.url, `ALERTS{alertstate="firing", ${serious}}`);
    expect(alerts.map(({ metric }) => metric.alertname)).toEqual([]);
  });

  test('when the listener dies another takes over, and the plays go on', async () => {
    const before = await copies[1]!.plays();
    const diedAt = Date.now();
    await copies[0]!.kill();
    copies.shift();
    await until(listeners, (some) => some.length === 1, 40);
    expect(Date.now() - diedAt).toBeLessThan(30_000);
    const [next] = await listeners();
    expect(next!.log).toContain('Prend la relève');
    // It has one of its stations: the other may come a moment later.
    expect(await reads('System Overview', 'Nombre de stations actives', 2)).toBe(2);
    expect(radio.requests.map(({ url }) => url).sort()).toEqual(['/0', '/0', '/1', '/1']);
    const down = () => value(prometheus.url, 'count(up{job="sodav-monitor-backend"} == 0)');
    expect(await until(down, (n) => n === 1)).toBe(1);

    // Both stations are logged further, and no two plays of a station are at the same time.
    const reaches = (plays: typeof before, name: string) =>
      Math.max(
        ...plays.filter(({ station }) => station.name === name).map((play) => Date.parse(play.ended_at)),
      );
    const plays = await until(
      () => copies[0]!.plays(),
      (all) => STATIONS.every((name) => reaches(all, name) > diedAt + 5_000),
      90,
    );
    for (const name of STATIONS) {
      const its = plays
        .filter(({ station }) => station.name === name)
        .sort((a, b) => a.started_at.localeCompare(b.started_at));
      for (const [index, play] of its.slice(1).entries()) {
        expect(Date.parse(play.started_at)).toBeGreaterThanOrEqual(Date.parse(its[index]!.ended_at) - 1_000);
      }
      expect(its[0]!.id).toBe(before.find(({ station }) => station.name === name)!.id);
    }
  }, 300_000);
});
