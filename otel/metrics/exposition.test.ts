import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metrics } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../src/paths';
import { type Exposition, scrape } from '../../test/support/telemetry';
import { startTelemetryApp, type TelemetryApp } from '../../test/support/telemetry-app';
import { renderMetrics } from '../telemetry';
import { definitions, type GaugeKey } from './catalogue';
import type { Definition } from './catalogue/define';
import { registerCollector } from './collectors';
import { instruments } from './instruments';

const GOLDEN = join(projectRoot, 'otel/metrics/exposition.golden.txt');

/** One label set that a definition allows. */
function example(definition: Definition): Record<string, string> {
  return Object.fromEntries(
    Object.entries(definition.labels).map(([name, label]) => [
      name,
      'values' in label ? label.values[0]! : 'example',
    ]),
  );
}

/** Gives every metric of ours a value, the way that the service's rooms do. */
function feedEverything(): () => void {
  for (const definition of definitions) {
    if (definition.source !== 'code') continue;
    const handle = instruments[definition.key as keyof typeof instruments] as unknown as Record<
      'add' | 'record',
      (n: number, labels: Record<string, string>) => void
    >;
    handle[definition.kind === 'counter' ? 'add' : 'record'](1, example(definition));
  }
  const gauges = definitions.filter(
    ({ source, key }) => source === 'collector' && !/^(collector|buildInfo|processStart)/.test(key),
  );
  return registerCollector({
    name: 'everything',
    metrics: gauges.map(({ key }) => key as GaugeKey),
    collect(observe) {
      for (const gauge of gauges) observe(gauge.key as 'stationState', 1, example(gauge) as never);
    },
  });
}

/** Names, types, help and label names of an exposition. */
function outline(exposition: Exposition): string {
  return [...exposition.families.values()]
    .map(({ name, type, help, samples }) => {
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
      labels.delete('le');
      return `${name} ${type} {${[...labels].sort().join(', ')}}\n  ${help}`;
    })
    .join('\n');
}

describe('the exposition of a process that has just started', () => {
  let app: TelemetryApp;
  let first: Exposition;
  beforeAll(async () => {
    app = await startTelemetryApp();
    first = await app.scrape();
  });
  afterAll(() => app.stop());

  test('has every family of the catalogue, in its order, and no other', () => {
    expect([...first.families.keys()]).toEqual(definitions.map(({ name }) => name));
  });

  test('has every documented family', () => {
    const documented = readFileSync(join(__dirname, 'catalogue/documented.txt'), 'utf8').trim().split('\n');
    expect(
      definitions
        .filter(({ documented: d }) => d)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(documented.sort());
    for (const name of documented) expect(first.families.has(name), name).toBe(true);
  });

  test('says of each what the catalogue says', () => {
    for (const { name, kind, help } of definitions) {
      expect(first.families.get(name)).toMatchObject({ type: kind, help: help.fr });
    }
  });

  test('has every closed label set at zero, and no gauge that nobody has read', () => {
    for (const definition of definitions) {
      const { name, kind, labels, source } = definition;
      if (kind === 'gauge') {
        const always = ['sodav_build_info', 'sodav_process_start_timestamp_seconds'];
        if (source === 'collector' && !always.includes(name)) expect(first.samples(name), name).toEqual([]);
        continue;
      }
      const suffix = kind === 'histogram' ? '_count' : '';
      const sets = Object.values(labels).every((label) => 'values' in label)
        ? Object.values(labels).reduce((n, label) => n * ('values' in label ? label.values.length : 1), 1)
        : 1;
      const expected = definition.initial?.length ?? sets;
      expect(first.samples(`${name}${suffix}`).length, name).toBeGreaterThanOrEqual(expected);
    }
    expect(first.value('sodav_detections_total', { detection_method: 'audd', status: 'timeout' })).toBe(0);
    expect(first.sum('sodav_http_requests_total', { endpoint: '/guarded/shared/:id', method: 'GET' })).toBe(
      0,
    );
    expect(first.samples('sodav_http_requests_total', { endpoint: '/guarded/shared/:id' })).toHaveLength(1);
  });

  test('concurrent scrapes agree, and none has a value that is no number', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const answer = await fetch(`http://127.0.0.1:${app.port}/api/metrics`);
        return answer.text();
      }),
    );
    for (const text of answers) expect(text).not.toMatch(/ (NaN|[+-]?Inf)$/m);
    const totals = answers.map((text) =>
      text.split('\n').filter((line) => /^sodav_.*_(total|count)\{/.test(line)),
    );
    for (const lines of totals) expect(lines).toEqual(totals[0]);
  });
});

describe('an exposition in which everything has a value', () => {
  let stop: () => void;
  beforeAll(() => {
    stop = feedEverything();
  });
  afterAll(() => stop());

  test('is the golden one (SODAV_GOLDEN=write makes it anew)', async () => {
    const found = `${outline(await scrape())}\n`;
    if (process.env.SODAV_GOLDEN === 'write') writeFileSync(GOLDEN, found);
    expect(found).toBe(readFileSync(GOLDEN, 'utf8'));
  });

  test('labels are those of the catalogue', async () => {
    const exposition = await scrape();
    for (const { name, labels } of definitions) {
      for (const sample of exposition.families.get(name)?.samples ?? []) {
        const found = Object.keys(sample.labels).filter((label) => label !== 'le');
        expect(found.sort(), name).toEqual(Object.keys(labels).sort());
        for (const [key, label] of Object.entries(labels)) {
          if ('values' in label) expect(label.values, `${name} ${key}`).toContain(sample.labels[key]);
        }
      }
    }
  });

  test('passes promtool, but for the two names that the users chose', async () => {
    const { text } = await scrape();
    const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    if (check.error) {
      console.warn('\n!!! promtool is not installed: the exposition was NOT checked with it !!!\n');
      return;
    }
    const findings = (check.stdout + check.stderr).trim().split('\n').filter(Boolean);
    const names = findings.map((line) => line.split(' ')[0]);
    expect(names.sort()).toEqual(['sodav_artist_count', 'sodav_track_count']);
  });

  test('a metric that is made elsewhere is seen', async () => {
    metrics.getMeter('someone').createCounter('made.elsewhere').add(1);
    const known = new Set<string>(definitions.map(({ name }) => name));
    const strangers = [...(await scrape()).families.keys()].filter((name) => !known.has(name));
    expect(strangers).toEqual(['made_elsewhere_total']);
  });

  test('concurrent renderings in one process never give NaN or different totals', async () => {
    const texts = await Promise.all(
      Array.from({ length: 50 }, (_, i) => renderMetrics({ fresh: i % 2 === 0 })),
    );
    for (const text of texts) expect(text).not.toMatch(/ (NaN|[+-]?Inf)$/m);
  });
});

test('histograms are what Prometheus expects: cumulative buckets that end in the count', async () => {
  instruments.detectionConfidence.record(0.55, { detection_method: 'acoustid' });
  instruments.detectionConfidence.record(0.97, { detection_method: 'acoustid' });
  instruments.detectionConfidence.record(0.995, { detection_method: 'acoustid' });
  const exposition = await scrape();
  const labels = { detection_method: 'acoustid' };
  const bucket = (le: string) => exposition.value('sodav_detection_confidence_bucket', { ...labels, le });
  expect(bucket('0.5')).toBe(0);
  expect(bucket('0.6')).toBe(1);
  expect(bucket('0.95')).toBe(1);
  expect(bucket('0.99')).toBe(2);
  expect(bucket('1')).toBe(3);
  expect(bucket('+Inf')).toBe(exposition.value('sodav_detection_confidence_count', labels));
});

test('what is no measurement is left out, and does not throw', async () => {
  const before = await scrape();
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
    instruments.audioHeard.add(value);
    instruments.detectionDuration.record(value, { detection_method: 'local' });
  }
  const after = await scrape();
  for (const name of ['sodav_audio_heard_seconds_total', 'sodav_detection_duration_seconds_count']) {
    expect(after.sum(name)).toBe(before.sum(name));
  }
});
