import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/config';
import { projectRoot } from '../../src/paths';
import { installed } from '../../test/support/installed';
import { ruleGroups } from './rules';

const folder = join(projectRoot, 'docker/prometheus');
const alerts = ruleGroups(projectRoot).flatMap(({ rules }) =>
  rules.filter((rule) => rule.alert !== undefined),
);
const testFiles = readdirSync(join(folder, 'tests')).map((file) => join(folder, 'tests', file));

interface ExpressionTest {
  readonly expr: string;
  readonly exp_samples: readonly unknown[];
}

describe('the alert rules', () => {
  test('each has a severity, a part of the system, French texts, a runbook and a dashboard', () => {
    const severities = ['critical', 'warning', 'info', 'none'];
    for (const { alert, labels, annotations } of alerts) {
      expect(severities, alert).toContain(labels?.severity);
      expect(labels?.component, alert).toMatch(/^[a-z]+$/);
      expect(annotations?.summary, alert).toMatch(/\S{2}/);
      expect(annotations?.description, alert).toMatch(/\.$/);
      expect(annotations?.runbook_url, alert).toBe(`docs/runbooks/${alert}.md`);
      expect(annotations?.dashboard, alert).toMatch(/^http:\/\/localhost:3001\/d\/sodav-[a-z-]+$/);
    }
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });

  test('each has its runbook with the four sections, and no runbook is of an alert that is gone', () => {
    const names = alerts.map(({ alert }) => `${alert}.md`);
    const files = readdirSync(join(projectRoot, 'docs/runbooks')).filter((file) => file !== 'README.md');
    expect(files.sort()).toEqual(names.sort());
    const index = readFileSync(join(projectRoot, 'docs/runbooks/README.md'), 'utf8');
    for (const file of files) {
      const text = readFileSync(join(projectRoot, 'docs/runbooks', file), 'utf8');
      const sections = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
      expect(sections, file).toEqual(['Signification', 'Conséquences', 'Diagnostic', 'Remède']);
      for (const [, target] of text.matchAll(/\]\((\w+\.md)\)/g)) {
        expect(existsSync(join(projectRoot, 'docs/runbooks', target!)), `${file} → ${target}`).toBe(true);
      }
      expect(index, file).toContain(`](${file})`);
    }
  });

  test('the documented example is there word for word, after the record that feeds it, in one group', () => {
    const documented = parse(`
      alert: HighRequestLatency
      expr: sodav_http_request_duration_seconds{quantile="0.95"} > 1
      for: 5m
      labels:
        severity: warning
      annotations:
        summary: "Latence élevée des requêtes HTTP"
        description: "La latence des requêtes HTTP est supérieure à 1 seconde depuis 5 minutes."`);
    const group = ruleGroups(projectRoot).find(({ rules }) =>
      rules.some(({ alert }) => alert === 'HighRequestLatency'),
    )!;
    const at = group.rules.findIndex(({ alert }) => alert === 'HighRequestLatency');
    expect(group.rules[at]).toMatchObject(documented);
    const records = group.rules.slice(0, at).filter(({ record }) => record !== undefined);
    expect(records.map(({ record, labels }) => `${record} ${labels?.quantile}`)).toContain(
      'sodav_http_request_duration_seconds 0.95',
    );
  });

  test('the journal is called almost full below the size that it may have', () => {
    const { expr } = alerts.find(({ alert }) => alert === 'SodavJournalAlmostFull')!;
    const limit = Number(/> (\S+)$/.exec(expr)![1]);
    expect(limit).toBe(0.8 * loadConfig({}).journalDiskBytes);
  });

  test('each is tested where it fires and where it stays quiet', () => {
    const found = { firing: new Set<string>(), quiet: new Set<string>() };
    for (const file of testFiles) {
      const { tests } = parse(readFileSync(file, 'utf8')) as {
        tests: { promql_expr_test?: ExpressionTest[] }[];
      };
      for (const { expr, exp_samples } of tests.flatMap((one) => one.promql_expr_test ?? [])) {
        const name = /alertname="(\w+)"/.exec(expr)?.[1];
        if (name !== undefined) found[exp_samples.length > 0 ? 'firing' : 'quiet'].add(name);
      }
    }
    const names = alerts.map(({ alert }) => alert!).sort();
    expect([...found.firing].sort()).toEqual(names);
    // Watchdog is never quiet: that is its purpose.
    expect([...found.quiet].sort()).toEqual(names.filter((name) => name !== 'Watchdog'));
  });
});

describe.skipIf(!installed('promtool'))('promtool', () => {
  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  test('the configuration and what it includes are valid', () => {
    const { status, output } = promtool('check', 'config', join(folder, 'prometheus.yml'));
    expect(output).toContain('2 rule files found');
    expect(status, output).toBe(0);
  });

  test('the rules pass every lint', () => {
    const files = ['recording.yml', 'alerts.yml'].map((file) => join(folder, 'rules', file));
    const { status, output } = promtool('check', 'rules', '--lint=all', '--lint-fatal', ...files);
    expect(status, output).toBe(0);
  });

  test.each(testFiles.map((file) => [file.slice(folder.length + 1), file]))(
    '%s: alerts fire and stay quiet',
    (_, file) => {
      const { status, output } = promtool('test', 'rules', file);
      expect(status, output).toBe(0);
    },
    60_000,
  );

  test('a broken rule makes them fail: the checks can find something', () => {
    const { status } = promtool('check', 'rules', join(folder, 'prometheus.yml'));
    expect(status).not.toBe(0);
  });
});
