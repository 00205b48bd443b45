import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ruleGroups } from '../../docker/prometheus/rules';
import { projectRoot } from '../../src/paths';
import { encodeAudio } from '../support/audio';
import { freshDatabase } from '../support/database';
import { installed } from '../support/installed';
import { prometheusConfig } from '../support/monitoring';
import { type Running, startAlertmanager, startPrometheus, until } from '../support/prometheus';
import { Radio } from '../support/radio';
import type { Service } from '../support/service-process';
import { history, series, value } from './asking';
import { startService } from './processes';

interface Delivered {
  readonly last_sign_of_life?: string;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** As Alertmanager itself tells it. */
interface Held {
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
}

const SECONDS = 10;

/** The project's own configuration, with the address of this service and without its long waits. */
function alertmanagerConfig(service: string): string {
  return readFileSync(join(projectRoot, 'docker/alertmanager/alertmanager.yml'), 'utf8')
    .replaceAll('http://backend:8000', service)
    .replace(/group_wait: .*/g, 'group_wait: 0s')
    .replace(/group_interval: .*/g, 'group_interval: 1s');
}

describe.skipIf(!installed('prometheus', 'prometheus-alertmanager'))('the way of an alert', () => {
  const radio = new Radio();
  const mp3 = encodeAudio('mp3', { seconds: SECONDS });
  const ends: (() => unknown)[] = [];
  let service: Service;
  let prometheus: Running;
  let alertmanager: Running;
  let one: { id: number };

  const onAir = (name: string) =>
    radio.air(`/${name}`, { bytes: mp3, contentType: 'audio/mpeg', pace: mp3.length / SECONDS });
  const offAir = (name: string) => {
    radio.on(`/${name}`, (_, response) => response.writeHead(404).end());
    for (const { url, socket } of radio.requests) if (url === `/${name}`) socket.destroy();
  };
  const count = (expr: string) => value(prometheus.url, `count(${expr}) or vector(0)`);
  const firing = (alertname: string, more = '') =>
    count(`ALERTS{alertstate="firing", alertname="${alertname}"${more}}`);
  const lost = (station: string) => firing('SodavStationLost', `, station="${station}"`);
  const told = async (status: 'firing' | 'resolved', alertname: string, station?: string) => {
    const { alerts } = await service.get<Delivered>('/api/alerts');
    return alerts.filter(
      ({ labels, status: its }) =>
        its === status && labels.alertname === alertname && labels.station === station,
    );
  };
  const held = async (alertname: string, station?: string) => {
    const response = await fetch(`${alertmanager.url}/api/v2/alerts`);
    const all = (await response.json()) as Held[];
    return all.find(({ labels }) => labels.alertname === alertname && labels.station === station);
  };
  const notifications = (status: string) =>
    value(prometheus.url, `sum(sodav_alert_notifications_total{status="${status}"})`);

  beforeAll(async () => {
    await radio.start();
    ends.push(() => radio.stop());
    const database = await freshDatabase();
    ends.push(database.drop);
    service = await startService({ DATABASE_URL: database.url, DEMO: 'off' });
    ends.push(() => service.stop());
    one = await service.addStation('Radio Une', onAir('une'));
    await service.addStation('Radio Deux', onAir('deux'));
    // Heard before anybody watches: connecting takes its time, in which no station would be active.
    await until(
      () => service.metrics(),
      (scrape) => scrape.value('sodav_active_stations') === 2,
    );
    alertmanager = await startAlertmanager(alertmanagerConfig(service.url));
    ends.push(() => alertmanager.stop());
    prometheus = await startPrometheus(
      prometheusConfig({ service: service.url, alertmanager: alertmanager.url }),
      { hurry: true },
    );
    ends.push(() => prometheus.stop());
  }, 300_000);

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  }, 300_000);

  test('every recording rule gives a series on the running service, and no rule fails', async () => {
    const records = ruleGroups(projectRoot).flatMap(({ rules }) =>
      rules.flatMap(({ record }) => record ?? []),
    );
    expect(records.length).toBeGreaterThan(12);
    const missing = async () => {
      const found = await Promise.all(records.map((record) => series(prometheus.url, record)));
      return records.filter((_, index) => found[index]!.length === 0);
    };
    await until(missing, (left) => left.length === 0, 30).catch(() => undefined);
    expect(await missing()).toEqual([]);
    const response = await fetch(`${prometheus.url}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: { rules: { name: string; health: string }[] }[] };
    };
    const unwell = data.groups.flatMap(({ rules }) => rules).filter(({ health }) => health !== 'ok');
    expect(unwell).toEqual([]);
  }, 300_000);

  test('all is well: only the sign of life comes through', async () => {
    await until(
      () => value(prometheus.url, 'max(sodav_active_stations)'),
      (n) => n === 2,
      90,
    );
    await until(
      () => service.get<Delivered>('/api/alerts'),
      ({ last_sign_of_life }) => last_sign_of_life !== undefined,
    );
    expect(await lost('Radio Une')).toBe(0);
    expect(await firing('SodavNoActiveStation')).toBe(0);
    expect((await held('Watchdog'))!.status.state).toBe('active');
  }, 300_000);

  test('a station is lost: pending, firing, delivered to the service and counted there', async () => {
    const before = (await notifications('firing'))!;
    offAir('une');
    await until(
      () => told('firing', 'SodavStationLost', 'Radio Une'),
      (some) => some.length === 1,
      90,
    );
    const [alert] = await told('firing', 'SodavStationLost', 'Radio Une');
    expect(alert).toMatchObject({
      labels: { severity: 'warning', component: 'stations', job: 'sodav-monitor-backend' },
      annotations: {
        summary: 'Radio Une est perdue',
        runbook_url: 'docs/runbooks/SodavStationLost.md',
      },
    });
    const states = await until(
      () => history(prometheus.url, 'ALERTS{alertname="SodavStationLost", station="Radio Une"}', 60),
      (some) => some.length === 2,
    );
    const began = Object.fromEntries(states.map(({ metric, values }) => [metric.alertstate, values[0]![0]]));
    expect(Object.keys(began).sort()).toEqual(['firing', 'pending']);
    expect(began.pending!).toBeLessThan(began.firing!);
    expect(
      await until(
        () => notifications('firing'),
        (n) => (n ?? 0) > before,
      ),
    ).toBeGreaterThan(before);
    expect(service.log).toContain('alerte : Radio Une est perdue');
    expect(await lost('Radio Deux')).toBe(0);
  }, 300_000);

  test('a critical alert silences the warnings of the same part', async () => {
    offAir('deux');
    // Audio of the last 30 s counts as active: it takes so long.
    await until(
      () => told('firing', 'SodavNoActiveStation'),
      (some) => some.length === 1,
      90,
    );
    await service.addStation(
      'Radio Trois',
      radio.on('/trois', (_, response) => response.writeHead(404).end()),
    );
    await until(
      () => lost('Radio Trois'),
      (n) => n === 1,
      90,
    );
    const warning = await until(
      () => held('SodavStationLost', 'Radio Trois'),
      (alert) => alert?.status.state === 'suppressed',
    );
    const critical = await held('SodavNoActiveStation');
    expect(critical!.labels.severity).toBe('critical');
    expect(critical!.status.state).toBe('active');
    expect(warning!.status.inhibitedBy).toEqual([critical!.fingerprint]);
    expect(await told('firing', 'SodavStationLost', 'Radio Trois')).toEqual([]);
  }, 300_000);

  test('back on the air: resolved, told so, and the warning that is left comes through', async () => {
    const before = (await notifications('resolved'))!;
    // Its new address, as a person would enter it: the old one would be tried again only now and then.
    await service.write('PATCH', `/api/stations/${one.id}`, { url: onAir('une-bis') });
    await until(
      () => told('resolved', 'SodavNoActiveStation'),
      (some) => some.length === 1,
      90,
    );
    await until(
      () => told('resolved', 'SodavStationLost', 'Radio Une'),
      (some) => some.length === 1,
      90,
    );
    expect(await lost('Radio Une')).toBe(0);
    expect(await firing('SodavNoActiveStation')).toBe(0);
    expect(
      await until(
        () => notifications('resolved'),
        (n) => (n ?? 0) >= before + 2,
      ),
    ).toBeGreaterThanOrEqual(before + 2);
    await until(
      () => told('firing', 'SodavStationLost', 'Radio Trois'),
      (some) => some.length === 1,
      90,
    );
  }, 300_000);
});
