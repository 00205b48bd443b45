import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compiled, projectRoot } from '../src/paths';
import { exportSettings } from './environment';

describe('OTEL_* variables', () => {
  test('nothing is exported unless asked for', () => {
    expect(exportSettings({})).toEqual({ traces: false, metrics: false, metricsIntervalMs: 60_000 });
    expect(exportSettings({ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: '' })).toMatchObject({
      traces: false,
      metrics: false,
    });
  });

  test('every wrong value is named at start, and nothing starts', () => {
    const started = spawnSync(
      process.execPath,
      ['--require', compiled('otel/bootstrap'), '-e', "console.log('running')"],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          OTEL_TRACES_EXPORTER: 'jaeger',
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/xml',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'nowhere',
          OTEL_METRIC_EXPORT_INTERVAL: 'often',
        },
      },
    );
    expect(started.status).toBe(1);
    expect(started.stdout).toBe('');
    for (const name of [
      'OTEL_TRACES_EXPORTER',
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_METRIC_EXPORT_INTERVAL',
    ]) {
      expect(started.stderr).toContain(`- ${name} : `);
    }
  });

  test('docs/opentelemetry.md names what is understood, and its values', () => {
    const page = readFileSync(join(projectRoot, 'docs/opentelemetry.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(OTEL_\w+)` +\| (.*?) +\|/gm)];
    expect(rows.length).toBeGreaterThan(6);
    const code = readFileSync(join(projectRoot, 'otel/environment.ts'), 'utf8');
    for (const [, name, values] of rows) {
      const listed = [...values!.matchAll(/`([^`]+)`/g)].map(([, value]) => value!);
      for (const value of listed) expect(() => exportSettings({ [name!]: value })).not.toThrow();
      if (listed.length > 0) {
        expect(() => exportSettings({ [name!]: 'nonsense' }), name).toThrow(name);
        expect(code).toContain(name!.replace('_EXPORTER_OTLP_ENDPOINT', ''));
      }
    }
  });

  test('a protocol that metrics cannot take is said, not replaced silently', () => {
    const wrong = { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    expect(() => exportSettings(wrong)).toThrow(/http\/protobuf/);
    expect(exportSettings({ ...wrong, OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf' }).metrics).toBe(
      true,
    );
  });
});

test('each OpenTelemetry package is installed once: two copies would not see each other', () => {
  const copies = new Map<string, string[]>();
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) continue;
      if (entry.name === '@opentelemetry') {
        for (const name of readdirSync(path))
          copies.set(name, [...(copies.get(name) ?? []), join(path, name)]);
      }
      if (
        entry.name === 'node_modules' ||
        entry.name === '@opentelemetry' ||
        folder.endsWith('node_modules')
      ) {
        visit(path);
      } else if (entry.name.startsWith('@') || /node_modules(\/@[^/]+)?\/[^/]+$/.test(path)) {
        visit(path);
      }
    }
  };
  visit(join(projectRoot, 'node_modules'));
  expect(copies.size).toBeGreaterThan(30);
  expect([...copies.values()].filter((paths) => paths.length > 1)).toEqual([]);
});
