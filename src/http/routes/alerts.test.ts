import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countInstruments } from '../../../test/support/counted';
import { freePort } from '../../../test/support/free-port';
import { startApp, type TestApp } from '../../../test/support/http-app';

let app: TestApp;
const counted = countInstruments();
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

type Status = 'firing' | 'resolved';

/** As Alertmanager writes it. */
function notification(
  status: Status,
  alerts: { name: string; status?: Status; severity?: string; summary?: string }[],
) {
  return {
    version: '4',
    groupKey: '{}:{alertname="X"}',
    truncatedAlerts: 0,
    status,
    receiver: 'sodav',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager:9093',
    alerts: alerts.map((alert) => ({
      status: alert.status ?? status,
      labels: { alertname: alert.name, ...(alert.severity && { severity: alert.severity }) },
      annotations: alert.summary === undefined ? {} : { summary: alert.summary },
      startsAt: '2026-11-24T10:00:00.123456789Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus:9090/graph',
      fingerprint: `fp-${alert.name}`,
    })),
  };
}

const post = (body: object, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/api/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const listed = async () =>
  (
    (await (await app.call('/api/alerts')).json()) as {
      alerts: { status: string; labels: { alertname: string } }[];
    }
  ).alerts;

test('a notification from this machine is logged in French, listed, counted and shown on the page', async () => {
  const fired = await post(
    notification('firing', [
      { name: 'StationPerdue', severity: 'critical', summary: 'RTS FM est perdue\nFAUSSE LIGNE <b>' },
      { name: 'File', severity: 'warning', summary: 'la file est longue' },
    ]),
  );
  expect(fired.status).toBe(204);
  const page = await (await app.call('/')).text();
  expect(page).toContain('Alertes en cours (2)');
  expect(page).toContain('RTS FM est perdue FAUSSE LIGNE &lt;b&gt;');
  const told = app.logged.filter(({ msg }) => msg.startsWith('alerte'));
  expect(told.map(({ level, msg }) => [level, msg])).toEqual([
    [50, 'alerte : RTS FM est perdue FAUSSE LIGNE <b>'],
    [40, 'alerte : la file est longue'],
  ]);

  expect((await post(notification('resolved', [{ name: 'StationPerdue' }]))).status).toBe(204);
  expect(app.logged.map(({ msg }) => msg)).toContain('alerte terminée : StationPerdue');
  expect(await (await app.call('/')).text()).toContain('Alertes en cours (1)');
  expect((await listed()).map(({ status, labels }) => `${labels.alertname} ${status}`)).toEqual([
    'StationPerdue resolved',
    'File firing',
    'StationPerdue firing',
  ]);
  expect(await counted('sodav.alerts.notifications')).toEqual({ firing: 2, resolved: 1 });
});

test('a reminder is no new alert, and the one that always fires is none', async () => {
  const before = await listed();
  await post(notification('firing', [{ name: 'File', severity: 'warning', summary: 'la file est longue' }]));
  expect(app.logged.map(({ msg }) => msg)).toContain('alerte (rappel) : la file est longue');
  expect(await listed()).toHaveLength(before.length);
  await post(notification('firing', [{ name: 'Watchdog', severity: 'none' }]));
  expect(await (await app.call('/')).text()).toContain('Alertes en cours (1)');
  expect(await (await app.call('/api/alerts')).json()).toMatchObject({
    last_sign_of_life: expect.stringMatching(/^20/),
  });
});

test('the last hundred are kept', async () => {
  const many = Array.from({ length: 150 }, (_, i) => ({ name: `A${i}` }));
  expect((await post(notification('firing', many))).status).toBe(204);
  const kept = await listed();
  expect(kept).toHaveLength(100);
  expect(kept[0]!.labels.alertname).toBe('A149');
});

describe('refused', () => {
  const one = notification('firing', [{ name: 'X' }]);
  test.each<[string, object]>([
    ['another version', { ...one, version: '3' }],
    ['no alerts', { ...one, alerts: [] }],
    ['an unknown status', { ...one, status: 'pending' }],
    ['labels that are no texts', { ...one, alerts: [{ ...one.alerts[0], labels: { a: 1 } }] }],
    ['no time', { ...one, alerts: [{ ...one.alerts[0], startsAt: 'hier' }] }],
    ['far too many', { ...one, alerts: Array.from({ length: 1_001 }, () => one.alerts[0]) }],
  ])('%s', async (_, body) => {
    const before = await listed();
    expect((await post(body)).status).toBe(400);
    expect(await listed()).toEqual(before);
  });

  test('a wrong token, and one that was passed on', async () => {
    expect((await post(one, { Authorization: 'Bearer nope' })).status).toBe(401);
    expect((await post(one, { 'X-Forwarded-For': '10.0.0.1' })).status).toBe(401);
  });
});

test("with a token set, being near is not enough; Alertmanager's token is, ours too", async () => {
  const strict = await startApp((deps) => ({
    settings: { ...deps.settings, alertsToken: 'du-courrier-interne' },
  }));
  const send = (headers: Record<string, string>) =>
    fetch(`${strict.url}/api/alerts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(notification('firing', [{ name: 'X' }])),
    });
  expect((await send({})).status).toBe(401);
  expect((await send({ Authorization: 'Bearer du-courrier-interna' })).status).toBe(401);
  expect((await send({ Authorization: 'Bearer du-courrier-interne' })).status).toBe(204);
  expect((await send({ Authorization: `Bearer ${strict.token}` })).status).toBe(204);
  // It opens nothing else.
  const write = await fetch(`${strict.url}/api/stations/1`, {
    method: 'DELETE',
    headers: { Authorization: 'Bearer du-courrier-interne' },
  });
  expect(write.status).toBe(401);
  await strict.stop();
});

const alertmanager = spawnSync('prometheus-alertmanager', ['--version']).status === 0;
if (!alertmanager) console.warn('SKIPPED: prometheus-alertmanager is not installed');

test.skipIf(!alertmanager)("a real Alertmanager's notification arrives", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-alertmanager-'));
  writeFileSync(
    join(folder, 'alertmanager.yml'),
    `route: { receiver: sodav, group_wait: 0s }
receivers: [{ name: sodav, webhook_configs: [{ url: '${app.url}/api/alerts' }] }]`,
  );
  const port = await freePort();
  const child = spawn(
    'prometheus-alertmanager',
    [
      `--config.file=${folder}/alertmanager.yml`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    { stdio: 'ignore' },
  );
  try {
    const url = `http://127.0.0.1:${port}`;
    const up = () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await expect.poll(up, { timeout: 60_000, interval: 100 }).toBe(true);
    const alert = {
      labels: { alertname: 'Vraie', severity: 'critical' },
      annotations: { summary: 'réelle' },
    };
    const sent = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify([alert]),
    });
    expect(sent.status).toBe(200);
    await expect
      .poll(async () => (await listed())[0]?.labels.alertname, { timeout: 60_000, interval: 100 })
      .toBe('Vraie');
    expect(app.logged.find(({ msg }) => msg === 'alerte : réelle')).toMatchObject({ level: 50 });
  } finally {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
});
