import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { substitute } from '../../dashboards/lib/queries';
import { runCommand } from '../support/command';
import { freshDatabase } from '../support/database';
import { installed } from '../support/installed';
import { GrafanaApi, prometheusConfig } from '../support/monitoring';
import { type Running, startNodeExporter, startPrometheus, until } from '../support/prometheus';
import type { Service } from '../support/service-process';
import { askAll, dashboards, labelValues, panelQueries, RATE_INTERVAL_S, series, value } from './asking';
import { startService } from './processes';

/** Where nothing has happened yet these panels have nothing to show, and say so in these words. */
const SAID_WHEN_FRESH: Record<string, string> = {
  'Stations / La moins couverte': 'Pas encore',
  'Stations / Couverture du jour': 'Pas encore',
  'Stations / État de chaque station': 'Aucune station',
  'Stations / État dans le temps': 'Aucune station',
  'Stations / Reconnexions du jour, par station': 'Aucune',
};

const withNodeExporter = installed('prometheus-node-exporter');
/** What Node Exporter gives: without it these panels say that it is absent. */
const queries = panelQueries.filter(({ expr }) => withNodeExporter || !expr.includes('node_'));

interface DashboardJson {
  readonly title: string;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly target: { readonly expr: string } }[];
  };
}

interface System {
  readonly service: Service;
  readonly prometheus: Running;
}

/** What was started, to be ended in the opposite order. */
const ends: (() => Promise<unknown>)[] = [];

/** A service on an empty database, read by a real Prometheus with the project's own rules. */
async function startSystem(settings: Record<string, string>, nodeExporter?: Running): Promise<System> {
  const database = await freshDatabase();
  ends.push(database.drop);
  const service = await startService({ DATABASE_URL: database.url, ...settings });
  ends.push(() => service.stop());
  const prometheus = await startPrometheus(
    prometheusConfig({
      service: service.url,
      // Known, although nobody is there: the way of the alerts is tested in alerts.test.ts.
      alertmanager: 'http://127.0.0.1:9',
      ...(nodeExporter === undefined ? {} : { nodeExporter: nodeExporter.url }),
    }),
  );
  ends.push(() => prometheus.stop());
  return { service, prometheus };
}

describe.skipIf(!installed('prometheus'))('every panel, asked as Grafana asks', () => {
  let fresh: System;
  let demonstration: System;

  beforeAll(async () => {
    const nodeExporter = withNodeExporter ? await startNodeExporter() : undefined;
    if (nodeExporter) ends.push(() => nodeExporter.stop());
    fresh = await startSystem({ DEMO: 'off' }, nodeExporter);
    demonstration = await startSystem({ DEMO: 'on' }, nodeExporter);
  }, 300_000);

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  }, 300_000);

  test('there are as many queries as the dashboards have', () => {
    expect(dashboards).toHaveLength(4);
    expect(panelQueries.length).toBeGreaterThan(90);
    // Nothing of Grafana's is left in them.
    expect(panelQueries.filter(({ expr }) => expr.includes('$'))).toEqual([]);
  });

  test('on a fresh system: a series, or words that say that there is nothing yet', async () => {
    const seconds = 3 * RATE_INTERVAL_S;
    await until(
      () => value(fresh.prometheus.url, 'count_over_time(sodav_build_info[1m])'),
      (n) => (n ?? 0) > seconds,
      90,
    );
    expect(await value(fresh.prometheus.url, 'sum(sodav_stations)')).toBe(0);
    expect(await value(fresh.prometheus.url, 'max(sodav_track_count)')).toBe(0);
    expect(await value(fresh.prometheus.url, 'sum(sodav_detections_total)')).toBe(0);

    // Rates need two readings of each target, and a busy machine leaves some out.
    let last: Awaited<ReturnType<typeof askAll>> | undefined;
    await until(
      async () => {
        last = await askAll(fresh.prometheus.url, queries);
        return last.wrong.length === 0 && last.empty.every(({ panel }) => panel in SAID_WHEN_FRESH);
      },
      Boolean,
      90,
    ).catch(() => undefined);
    const { wrong, empty, nan } = last!;
    expect(wrong).toEqual([]);
    expect(Object.fromEntries(empty.map(({ panel, noValue }) => [panel, noValue]))).toEqual(SAID_WHEN_FRESH);
    // A figure that would read « NaN » reads these words instead; a graph draws nothing.
    const figures = nan.filter(({ type }) => type === 'stat');
    expect(figures.map(({ panel }) => panel).sort()).toEqual([
      'Détection Musicale / Confiance médiane (1 h)',
      'System Overview / Latence p95',
    ]);
    for (const { panel, nanText, noValue } of figures) expect(nanText, panel).toBe(noValue);
  }, 300_000);

  test('with the demonstration: a series, without a warning', async () => {
    const { url } = demonstration.prometheus;
    expect(
      await until(
        () => value(url, 'max(sodav_active_stations)'),
        (n) => n === 3,
        60,
      ),
    ).toBe(3);
    const listening = Date.now();
    let last: Awaited<ReturnType<typeof askAll>> | undefined;
    await until(
      async () => {
        last = await askAll(url, queries);
        return (
          Date.now() - listening > 3_000 * RATE_INTERVAL_S && [...last.empty, ...last.wrong].length === 0
        );
      },
      Boolean,
      90,
    ).catch(() => undefined);
    expect(last!.wrong).toEqual([]);
    expect(last!.empty.map(({ panel, refId, expr }) => `${panel} ${refId}: ${expr}`)).toEqual([]);
    const listened = () => series(url, 'sodav_station_state{state="listening"} == 1');
    expect(await until(listened, (some) => some.length === 3)).toHaveLength(3);
  }, 300_000);

  test('the dropdowns offer what there is, and the annotations find their moments', async () => {
    const { url } = demonstration.prometheus;
    const offered = new Map<string, number>();
    for (const board of dashboards as unknown as readonly DashboardJson[]) {
      for (const { name, type, definition } of board.templating.list) {
        if (type === 'query') offered.set(name, (await labelValues(url, definition!)).length);
      }
      const [restarts] = board.annotations.list;
      expect(restarts!.name).toBe('Redémarrages');
      const started = () => series(url, substitute(restarts!.target.expr));
      expect(await until(started, (some) => some.length === 1), board.title).toHaveLength(1);
      for (const { target } of board.annotations.list) await series(url, substitute(target.expr));
    }
    expect(Object.fromEntries(offered)).toEqual({ job: 1, instance: 1, station: 3 });
  });

  test('npm run doctor finds all of it well, and says what to do when Prometheus has stopped', async () => {
    const { service, prometheus } = demonstration;
    const grafana = new GrafanaApi('teranga');
    const folder = mkdtempSync(join(tmpdir(), 'sodav-doctor-live-'));
    const password = join(folder, 'grafana');
    writeFileSync(password, 'teranga\n');
    try {
      const grafanaUrl = await grafana.listen();
      const doctor = () =>
        runCommand(
          'src/doctor/main',
          [
            ...['--service', service.url, '--prometheus', prometheus.url],
            ...['--grafana', grafanaUrl, '--grafana-password-file', password],
          ],
          {},
        );
      // A reading that a busy machine did not end in its second leaves its panels empty for a moment.
      const well = await until(
        doctor,
        ({ status, stdout }) => status === 0 && !(withNodeExporter && stdout.includes('Sans données')),
      );
      expect(well.stdout).not.toContain('✘');
      expect(well.stdout).toContain(`✔ Service : ${service.url} est prêt.`);
      expect(well.stdout).toContain('✔ Cibles : 1 service(s) lu(s) par Prometheus.');
      expect(well.stdout).toMatch(/✔ Règles : \d{2} règles chargées\./);
      if (withNodeExporter) expect(well.stdout).not.toContain('Sans données');
      expect(well.status).toBe(0);

      await prometheus.stop();
      const ill = await doctor();
      expect(ill.status).toBe(1);
      expect(ill.stdout).toContain(`✘ Prometheus : ${prometheus.url} ne répond pas`);
      expect(ill.stdout).toContain('→ « docker compose up --detach prometheus »');
      expect(ill.stdout).toContain(`✔ Service : ${service.url} est prêt.`);
    } finally {
      await grafana.close();
      rmSync(folder, { recursive: true });
    }
  }, 300_000);
});
