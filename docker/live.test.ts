import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../src/paths';
import { type OwnServer, ownServer } from '../test/support/database';
import { installed } from '../test/support/installed';
import { prometheusConfig } from '../test/support/monitoring';
import {
  type Running,
  startAlertmanager,
  startNodeExporter,
  startPrometheus,
  until,
} from '../test/support/prometheus';
import { Service } from '../test/support/service-process';

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly data?: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
  };
}

const programs = ['prometheus', 'prometheus-alertmanager', 'prometheus-node-exporter'] as const;

/** The service with its simulated stations, watched by a real Prometheus and Alertmanager with the project's own files. */
describe.skipIf(!installed(...programs))('a database that goes away, as the whole monitoring sees it', () => {
  let database: OwnServer;
  const dataDir = mkdtempSync(join(tmpdir(), 'sodav-live-'));
  let service: Service;
  let nodeExporter: Running;
  let alertmanager: Running;
  let prometheus: Running;

  beforeAll(async () => {
    database = await ownServer();
    service = await Service.start(dataDir, { DATABASE_URL: database.url, DEMO: 'on', LOG_FORMAT: 'json' });
    // Notifications at once, to where the service listens here; all else as in the file.
    const configuration = readFileSync(join(projectRoot, 'docker/alertmanager/alertmanager.yml'), 'utf8')
      .replaceAll('http://backend:8000', service.url)
      .replace(/group_wait: .*/g, 'group_wait: 0s')
      .replace(/group_interval: .*/g, 'group_interval: 1s');
    [nodeExporter, alertmanager] = await Promise.all([startNodeExporter(), startAlertmanager(configuration)]);
    prometheus = await startPrometheus(
      prometheusConfig({
        service: service.url,
        alertmanager: alertmanager.url,
        nodeExporter: nodeExporter.url,
        // A collector whose database hangs is given up after 1.5 s: a reading that has little more would, on a busy machine,
        // never tell of it.
        scrape: '5s',
      }),
      { hurry: true },
    );
  }, 300_000);

  afterAll(async () => {
    await Promise.all([prometheus, alertmanager, nodeExporter].map((one) => one?.stop()));
    await service?.stop();
    await database?.destroy();
    rmSync(dataDir, { recursive: true, force: true });
  }, 300_000);

  const query = async (expr: string): Promise<Answer> => {
    const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(expr)}`;
    return (await (await fetch(url)).json()) as Answer;
  };
  test('an alert fires, is told to the service through Alertmanager, and is resolved', async () => {
    const state = async () => {
      const { data } = await query('ALERTS{alertname="SodavDatabaseUnreachable"}');
      return data!.result.map(({ metric }) => metric.alertstate);
    };
    const told = () => service.log;
    const tracks = async () => (await query('max(sodav_track_count)')).data!.result;
    // The service has started, and Prometheus has seen it well, before anything goes wrong: without a database it does not
    // start, but ends and is started again.
    const heard = async () => (await query('max(sodav_active_stations)')).data!.result[0]?.value[1];
    await until(heard, (stations) => stations === '3', 240);
    await until(tracks, (seen) => seen.length > 0, 90);
    await until(
      async () => (await query('sum(rate(sodav_db_query_duration_seconds_count[1m]))')).data!.result,
      (seen) => seen.length > 0,
      90,
    );
    expect(await until(state, (states) => states.length === 0)).toEqual([]);

    await database.stop();
    await until(state, (states) => states.includes('firing'), 90);
    await until(
      async () => told(),
      (log) => log.includes('alerte : La base de données ne répond plus'),
      90,
    );
    // What the database would have told is absent, not zero.
    expect(await until(tracks, (seen) => seen.length === 0)).toEqual([]);

    await database.start();
    await until(state, (states) => states.length === 0, 90);
    await until(
      async () => told(),
      (log) => log.includes('alerte terminée : La base de données ne répond plus'),
      90,
    );
    const count = async (status: string) => {
      const { data } = await query(`sum(sodav_alert_notifications_total{status="${status}"})`);
      return Number(data!.result[0]?.value[1] ?? 0);
    };
    expect(
      await until(
        () => count('firing'),
        (n) => n > 0,
      ),
    ).toBeGreaterThan(0);
    expect(
      await until(
        () => count('resolved'),
        (n) => n > 0,
      ),
    ).toBeGreaterThan(0);
  }, 600_000);
});
