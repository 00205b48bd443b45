import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../src/paths';
import { installed } from '../../test/support/installed';
import { ruleGroups } from '../prometheus/rules';

const file = join(projectRoot, 'docker/alertmanager/alertmanager.yml');
const text = readFileSync(file, 'utf8');

describe('the Alertmanager configuration', () => {
  test('holds no secret: passwords come from files', () => {
    expect(text).not.toMatch(/^[^#]*(password|secret|token|credentials):/m);
    expect(text).toContain('smtp_auth_password_file: /run/secrets/smtp_password');
  });

  test('every receiver works without a secret: it hands over to the service', () => {
    const { receivers } = parse(text, { merge: true }) as {
      receivers: { name: string; webhook_configs: { url: string; send_resolved: boolean }[] }[];
    };
    for (const { webhook_configs } of receivers) {
      expect(webhook_configs.map(({ url }) => url)).toEqual(['http://backend:8000/api/alerts']);
      expect(webhook_configs[0]!.send_resolved).toBe(true);
    }
  });
});

describe.skipIf(!installed('amtool'))('amtool', () => {
  const amtool = (...args: string[]) => spawnSync('amtool', args, { encoding: 'utf8' });

  test('accepts the configuration', () => {
    const { status, stdout, stderr } = amtool('check-config', file);
    expect(status, stdout + stderr).toBe(0);
  });

  test('every alert of the rules finds its receiver', () => {
    const expected: Record<string, string> = {
      critical: 'humains',
      warning: 'humains',
      info: 'journal',
      none: 'signe-de-vie',
    };
    const combinations = new Map<string, string>();
    for (const { alert, labels } of ruleGroups(projectRoot).flatMap(({ rules }) => rules)) {
      if (alert !== undefined) combinations.set(labels!.severity!, alert);
    }
    expect([...combinations.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [severity, alert] of combinations) {
      const { stdout } = amtool(
        'config',
        'routes',
        'test',
        `--config.file=${file}`,
        `alertname=${alert}`,
        `severity=${severity}`,
      );
      expect(stdout.trim(), alert).toBe(expected[severity]);
    }
  });
});
