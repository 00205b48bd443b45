import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Exporter } from '../../test/support/exporter';
import { installed } from '../../test/support/installed';
import { GrafanaApi, prometheusConfig } from '../../test/support/monitoring';
import { type Running, startPrometheus, until } from '../../test/support/prometheus';
import { compiled } from '../paths';

const folder = mkdtempSync(join(tmpdir(), 'sodav-doctor-'));
const exporter = new Exporter(600);
const grafana = new GrafanaApi('teranga');
let service: string;
let grafanaUrl: string;

/** The command itself, as `npm run doctor` starts it. */
function doctor(...args: string[]): Promise<{ status: number | null; output: string }> {
  const { PROMETHEUS_URL: _, GRAFANA_URL: __, ...env } = process.env;
  const child = spawn(process.execPath, [compiled('src/doctor/main'), ...args], { env });
  let output = '';
  child.stdout.on('data', (part) => {
    output += part;
  });
  child.stderr.on('data', (part) => {
    output += part;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, output })));
}

const secret = (name: string, value: string) => {
  writeFileSync(join(folder, name), `${value}\n`);
  return join(folder, name);
};

beforeAll(async () => {
  [service, grafanaUrl] = await Promise.all([exporter.listen(), grafana.listen()]);
});
afterAll(async () => {
  await Promise.all([exporter.close(), grafana.close()]);
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  exporter.instead.clear();
  exporter.token = undefined;
  exporter.ready = true;
  exporter.extra = '';
  grafana.datasource = 'sodav-prometheus';
});

describe('the service alone', () => {
  const look = (...args: string[]) => doctor('--service-only', '--service', service, ...args);

  test('is well', async () => {
    const { status, output } = await look();
    expect(output).toContain(`✔ Service : ${service} est prêt.`);
    expect(output).toMatch(/✔ \/api\/metrics : lisible, \d{3,} séries\.\n\nTout va bien\./);
    expect(status).toBe(0);
  });

  test('is not there', async () => {
    const { status, output } = await doctor('--service-only', '--service', 'http://127.0.0.1:9');
    expect(output).toContain('ne répond pas');
    expect(output).toContain('→ Le lancer : « npm start »');
    expect(status).toBe(1);
  });

  test('is there but not ready, and says why', async () => {
    exporter.ready = false;
    const { status, output } = await look();
    expect(output).toContain('n’est pas prêt (503) : la base ne répond pas.');
    expect(status).toBe(1);
  });

  test('asks for a token: none, the wrong one, the right one', async () => {
    exporter.token = 'sésame-ouvre-toi'.normalize('NFD').replace(/[^\w-]/g, '');
    expect(await look()).toMatchObject({
      status: 1,
      output: expect.stringContaining('Un jeton est demandé.'),
    });
    const wrong = await look('--metrics-token-file', secret('wrong', 'x'));
    expect(wrong).toMatchObject({ status: 1, output: expect.stringContaining('Le jeton donné est refusé.') });
    const right = await look('--metrics-token-file', secret('right', exporter.token));
    expect(right).toMatchObject({ status: 0, output: expect.stringContaining('Tout va bien.') });
  });

  test('says lines that nobody can read', async () => {
    exporter.extra = 'sodav_oops{a="b} 1\nsodav_build_info 12 apples\n';
    const { status, output } = await look();
    expect(output).toMatch(
      /Lignes invalides : ligne \d+ : sodav_oops\{a="b\} 1, ligne \d+ : sodav_build_info 12 apples\./,
    );
    expect(status).toBe(1);
  });

  test('lacks a documented family; a gauge that has nothing to say yet is no fault', async () => {
    exporter.instead.set('sodav_detections_total', undefined);
    exporter.instead.set('sodav_audd_budget_remaining', undefined);
    const { status, output } = await look();
    expect(output).toContain('✘ Métriques : Familles absentes : sodav_detections_total.');
    expect(output).toContain('ℹ Métriques : sans valeur pour l’instant : sodav_audd_budget_remaining.');
    expect(status).toBe(1);
  });

  test('has lost its database: the collector is named, not the gauges that follow from it', async () => {
    exporter.instead.set('sodav_track_count', undefined);
    exporter.instead.set('sodav_collector_success', 0);
    const { output } = await look();
    expect(output).toContain('Collecteurs en échec : library, stations');
    expect(output).not.toContain('Familles absentes');
  });

  test('findings as JSON, for programs', async () => {
    const { output } = await look('--json');
    const findings = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(findings[0]).toEqual({ level: 'ok', about: 'Service', text: `${service} est prêt.` });
  });
});

describe('the command line', () => {
  test.each([
    [['--unknown'], 'Option inconnue'],
    [['--service', 'ftp://x'], 'une adresse http://… ou https://… est attendue'],
    [['--metrics-token-file', '/nowhere/token'], 'le fichier /nowhere/token n’existe pas'],
  ])('%j is refused with its reason and the usage', async (args, reason) => {
    const { status, output } = await doctor(...args);
    expect(output).toContain(reason);
    expect(output).toContain('npm run doctor -- [options]');
    expect(status).toBe(2);
  });

  test('--help', async () => {
    expect(await doctor('--help')).toMatchObject({
      status: 0,
      output: expect.stringContaining('État de sortie'),
    });
  });
});

describe.skipIf(!installed('prometheus'))('with a real Prometheus', () => {
  let prometheus: Running;
  let bare: Running;
  const all = (url: string, ...args: string[]) =>
    doctor('--service', service, '--prometheus', url, '--grafana', grafanaUrl, ...args);
  const login = () => ['--grafana-password-file', secret('grafana', 'teranga')];

  beforeAll(async () => {
    prometheus = await startPrometheus(prometheusConfig({ service, alertmanager: 'http://127.0.0.1:9' }));
    bare = await startPrometheus(prometheusConfig({ service, rules: false }));
    const scraped = (url: string) => async () => {
      const answer = await fetch(`${url}/api/v1/query?query=count(sodav_build_info)`);
      return ((await answer.json()) as { data: { result: unknown[] } }).data.result.length;
    };
    await Promise.all([until(scraped(prometheus.url), (n) => n > 0), until(scraped(bare.url), (n) => n > 0)]);
  }, 300_000);
  afterAll(() => Promise.all([prometheus?.stop(), bare?.stop()]));

  test('sees the target, the rules, Alertmanager, the datasource, the dashboards and their queries', async () => {
    // The fixture has no Node Exporter: in the end only its panels are empty, which is worth a look and no fault.
    const machineOnly = /Sans données : (System Overview \/ [^,.]+(, |\.)){4}\n/;
    const { status, output } = await until(
      () => all(prometheus.url, ...login()),
      // Rates need some scrapes: until then more panels are empty.
      ({ output: text }) =>
        text.includes('Panneaux : Sans données : System Overview / CPU de la machine') &&
        machineOnly.test(text),
      60,
    );
    expect(output).toContain('✔ Cibles : 1 service(s) lu(s) par Prometheus.');
    expect(output).toMatch(/✔ Règles : \d{2} règles chargées\./);
    expect(output).toContain('Alertmanager : Prometheus');
    expect(output).toContain('✔ Grafana : source de données sodav-prometheus → http://prometheus:9090.');
    expect(output).toContain('✔ Grafana : 4 tableaux de bord en place.');
    expect(output).toMatch(machineOnly);
    expect(output).not.toContain('Requêtes en échec');
    expect(status).toBe(0);
  }, 300_000);

  test('sees rules that are not loaded, and that nobody would be told', async () => {
    const { status, output } = await all(bare.url, ...login());
    expect(output).toMatch(/✘ Règles : \d{2} règle\(s\) de docker\/prometheus\/rules ne sont pas chargées/);
    expect(output).toContain('✘ Alertmanager : Prometheus ne connaît aucun Alertmanager');
    expect(status).toBe(1);
  });

  test('sees a service that Prometheus cannot read', async () => {
    exporter.token = 'secret';
    const read = () => all(bare.url, ...login());
    // A reading that a busy machine did not end in its second makes it « down » as well, for another reason.
    const { output } = await until(
      read,
      ({ output: text }) => text.includes('est « down »') && text.includes('401 Unauthorized'),
    );
    expect(output).toContain('401 Unauthorized');
    expect(output).toContain('→ Vérifier que le service répond à cette adresse');
  });

  test('sees families that have gone', async () => {
    exporter.instead.set('sodav_index_tracks', undefined);
    const { output } = await until(
      () => all(bare.url, ...login()),
      ({ output: text }) => text.includes('moins d’une heure : sodav_index_tracks.'),
    );
    expect(output).toContain('→ Un collecteur échoue');
  });

  test('sees a wrong password, a missing datasource and a missing dashboard in Grafana', async () => {
    const refused = await all(bare.url, '--grafana-password-file', secret('wrong', 'x'));
    expect(refused.output).toContain('✘ Grafana : Grafana refuse le compte admin.');
    grafana.datasource = 'autre';
    grafana.dashboards = grafana.dashboards.filter((uid) => uid !== 'sodav-stations');
    const { status, output } = await all(bare.url, ...login());
    expect(output).toContain('La source de données sodav-prometheus manque (il y a : autre).');
    expect(output).toContain('Tableaux de bord absents : Stations.');
    expect(status).toBe(1);
  });
});
