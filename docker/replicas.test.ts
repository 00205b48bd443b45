import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type DashboardFile, queriesOf, substitute } from '../dashboards/lib/queries';
import { projectRoot } from '../src/paths';
import { Exporter } from '../test/support/exporter';
import { installed } from '../test/support/installed';
import { prometheusConfig } from '../test/support/monitoring';
import { type Running, startPrometheus, until } from '../test/support/prometheus';

/** Several services behind one job: what each reports of the same database is read once, what each counted is summed. */
describe.skipIf(!installed('prometheus'))('three services behind one Prometheus job', () => {
  const exporters = [new Exporter(600), new Exporter(600), new Exporter(600)];
  let prometheus: Running;

  beforeAll(async () => {
    const urls = await Promise.all(exporters.map((exporter) => exporter.listen()));
    const config = parse(prometheusConfig({ service: urls[0]!, rules: false }));
    const job = config.scrape_configs.find(
      ({ job_name }: { job_name: string }) => job_name === 'sodav-monitor-backend',
    );
    job.static_configs = [{ targets: urls.map((url) => new URL(url).host) }];
    prometheus = await startPrometheus(stringify(config));
  }, 300_000);
  afterAll(async () => {
    await prometheus?.stop();
    await Promise.all(exporters.map((exporter) => exporter.close()));
  });

  const board = (file: string) =>
    queriesOf(JSON.parse(readFileSync(join(projectRoot, 'dashboards/fr', file), 'utf8')) as DashboardFile);
  const value = async (expr: string, at?: number) => {
    const query = new URLSearchParams({ query: substitute(expr, '10s'), ...(at && { time: String(at) }) });
    const answer = await fetch(`${prometheus.url}/api/v1/query?${query}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return data.result.reduce((sum, one) => sum + Number(one.value[1]), 0);
  };

  test('no gauge is doubled', async () => {
    await until(
      () => value('count(sodav_build_info)'),
      (services) => services === 3,
    );
    const overview = board('system-overview.json');
    const shown = (panel: string) => value(overview.find((query) => query.panel === panel)!.expr);
    expect(await shown('Nombre de pistes')).toBe(1_240);
    expect(await shown('Nombre d’artistes')).toBe(312);
    expect(await shown('Nombre de stations actives')).toBe(3);
    expect(await shown('Stations par état')).toBe(4);
    const stations = board('stations.json');
    expect(await value(stations.find(({ panel }) => panel === 'Perdues')!.expr)).toBe(1);
  });

  test('counters are summed', async () => {
    const { expr } = board('system-overview.json').find(({ panel }) => panel === 'Nombre de requêtes HTTP')!;
    const one = 'sum(rate(sodav_http_requests_total[10s])) / 3';
    const rates = await until(
      async () => {
        // One moment for both, whose readings have all arrived.
        const at = Date.now() / 1_000 - 3;
        return { all: await value(expr, at), one: await value(one, at) };
      },
      ({ all, one }) => one > 0 && all > 0,
    );
    expect(rates.all / rates.one).toBeGreaterThan(2);
  });
});
