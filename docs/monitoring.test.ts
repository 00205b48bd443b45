import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DASHBOARDS } from '../dashboards/dashboards';
import { ruleGroups } from '../docker/prometheus/rules';
import { definitions } from '../otel/metrics/catalogue';
import { projectRoot } from '../src/paths';
import { installed } from '../test/support/installed';

const text = readFileSync(join(projectRoot, 'docs/monitoring.md'), 'utf8');
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, body]) => body!);

/** Every command of the document, its fenced blocks and the ones within sentences. */
const commands = [
  ...blocks('sh').flatMap((block) => block.trim().split('\n')),
  ...[...text.matchAll(/`((?:npm|docker|curl|promtool|amtool) [^`]+)`/g)].map(([, command]) => command!),
];

/** Where each command is tried; what needs Docker was run on the stack itself and is checked against compose.yaml. */
const TRIED: readonly { readonly matches: RegExp; readonly by: string }[] = [
  { matches: /^npm run doctor/, by: 'src/doctor/doctor.test.ts' },
  { matches: /^npm run dashboards:build$/, by: 'dashboards/dashboards.test.ts' },
  { matches: /^curl --fail http:\/\/localhost:8000\/api\/metrics$/, by: 'test/telemetry' },
  { matches: /^(promtool|amtool) /, by: 'docs/monitoring.test.ts' },
  { matches: /^docker /, by: 'docker/stack.test.ts' },
];

describe('docs/monitoring.md', () => {
  test('the Prometheus configuration that it shows is the one in place', () => {
    const shown = parse(blocks('yaml')[0]!);
    const real = parse(readFileSync(join(projectRoot, 'docker/prometheus/prometheus.yml'), 'utf8'));
    expect(real).toMatchObject(shown);
    expect(shown.scrape_configs).toHaveLength(real.scrape_configs.length);
  });

  test('the alert that it shows is in place word for word', () => {
    const [shown] = parse(blocks('yaml')[1]!).groups[0].rules;
    const real = ruleGroups(projectRoot)
      .flatMap(({ rules }) => rules)
      .find(({ alert }) => alert === shown.alert);
    expect(real).toMatchObject(shown);
  });

  test('it names every documented metric, and none that does not exist', () => {
    const named = new Set([...text.matchAll(/`(sodav_\w+)`/g)].map(([, name]) => name!));
    const known = definitions.map(({ name }) => name as string);
    for (const { name, documented } of definitions) if (documented) expect(named).toContain(name);
    // The guide's own example is declared only while one follows it.
    for (const name of named) expect([...known, 'sodav_my_counter_total']).toContain(name);
  });

  test('it names every dashboard, and each alert count and severity is right', () => {
    for (const { title } of DASHBOARDS) expect(text).toContain(`### Tableau de bord "${title.fr}"`);
    const alerts = ruleGroups(projectRoot).flatMap(({ rules }) => rules.filter(({ alert }) => alert));
    expect(alerts).toHaveLength(41);
    expect(text).toContain('Quarante et une alertes');
    for (const severity of new Set(alerts.map(({ labels }) => labels!.severity))) {
      expect(text).toContain(`| \`${severity}\` |`);
    }
  });

  test('every local address is a published port, every link and path exists', () => {
    const compose = readFileSync(join(projectRoot, 'compose.yaml'), 'utf8');
    for (const [, port] of text.matchAll(/http:\/\/localhost:(\d+)/g))
      expect(compose).toContain(`}:${port}:`);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      expect(existsSync(join(projectRoot, dirname('docs/monitoring.md'), target!)), target).toBe(true);
    }
    for (const [, path] of text.matchAll(/`((?:docker|docs|dashboards|otel)\/[\w./-]+)`/g)) {
      expect(existsSync(join(projectRoot, path!)) || existsSync(join(projectRoot, `${path}.ts`)), path).toBe(
        true,
      );
    }
  });

  test.each(commands)('« %s » is tried somewhere', (command) => {
    const { by } = TRIED.find(({ matches }) => matches.test(command)) ?? { by: 'nowhere' };
    expect(existsSync(join(projectRoot, by)), by).toBe(true);
    if (command.startsWith('docker ')) {
      const compose = readFileSync(join(projectRoot, 'compose.yaml'), 'utf8');
      for (const [container] of command.matchAll(/\bsodav-[\w-]+/g))
        expect(compose).toContain(`container_name: ${container}`);
    }
    const script = /^npm run ([\w:]+)/.exec(command)?.[1];
    if (script !== undefined) {
      const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
      expect(scripts).toHaveProperty([script]);
    }
  });

  const checks = commands.filter((command) => /^(promtool|amtool) /.test(command));
  test.skipIf(!installed('promtool', 'amtool')).each(checks)('« %s » succeeds', (command) => {
    const [program, ...args] = command.split(' ');
    const { status, stdout, stderr } = spawnSync(program!, args, { cwd: projectRoot, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });
});
