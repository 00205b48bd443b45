import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { definitions } from '../../otel/metrics/catalogue';
import type { Exposition } from '../support/exposition';
import { installed } from '../support/installed';
import { Service } from '../support/service-process';

/** Gauges that have nothing to tell on a system without stations, index, AudD or build of one. */
const MAY_BE_ABSENT = new Set([
  'stationState',
  'stationLastAudio',
  'stationLastDetection',
  'stationCoverage',
  'stationReconnects',
  'auddBudget',
  'indexBuilt',
]);

describe('what the running service serves at its very first scrape', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sodav-e2e-exposition-'));
  let service: Service;
  let first: Exposition;
  beforeAll(async () => {
    service = await Service.start(dataDir, { DEMO: 'off' });
    first = await service.metrics();
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 300_000);

  test('every family is one of the catalogue, with its type, its help and its labels', () => {
    const known = new Map(definitions.map((definition) => [definition.name, definition]));
    for (const family of first.families.values()) {
      const definition = known.get(family.name);
      expect(definition, `${family.name} is not in the catalogue`).toBeDefined();
      expect(family.type).toBe(definition!.kind);
      expect(family.help).toBe(definition!.help.fr);
      const labels = new Set(family.samples.flatMap((sample) => Object.keys(sample.labels)));
      if (definition!.kind === 'histogram') labels.delete('le');
      expect([...labels].filter((label) => !(label in definition!.labels))).toEqual([]);
    }
  });

  test('every family that the users’ document lists is there, and whatever else can be known', () => {
    const missing = definitions.filter(
      ({ key, name }) => !first.families.has(name) && !MAY_BE_ABSENT.has(key),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
    expect(definitions.filter(({ documented }) => documented)).toHaveLength(13);
  });

  test('every value of a closed label is there, at zero or more', () => {
    for (const definition of definitions) {
      if (definition.kind !== 'counter' || definition.source !== 'code') continue;
      const labels = Object.entries(definition.labels);
      for (const [label, bounds] of labels) {
        if (!('values' in bounds)) continue;
        const seen = new Set(first.samples(definition.name).map((sample) => sample.labels[label]));
        expect([...seen].sort(), `${definition.name}{${label}}`).toEqual([...bounds.values].sort());
      }
      if (labels.length === 0) expect(first.value(definition.name), definition.name).toBeDefined();
    }
  });

  test.skipIf(!installed('promtool'))('promtool finds nothing but the two names that the users chose', () => {
    const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: first.text });
    const findings = `${stdout}${stderr}`.trim().split('\n').filter(Boolean);
    const chosen = /^sodav_(track|artist)_count /;
    expect(findings.filter((line) => line.startsWith('sodav_') && !chosen.test(line))).toEqual([]);
  });
});
