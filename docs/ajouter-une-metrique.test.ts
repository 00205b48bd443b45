import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { metricsPage } from '../otel/metrics/documentation';
import { projectRoot } from '../src/paths';

const guide = readFileSync(join(projectRoot, 'docs/ajouter-une-metrique.md'), 'utf8');
const blocks = [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language: language!,
  heading: /^\/\/ (.*)\n/.exec(text!)?.[1],
  text: text!.replace(/^\/\/ .*\n/, ''),
}));

function block(heading: string): string {
  const found = blocks.filter((candidate) => candidate.heading === heading);
  expect(found, heading).toHaveLength(1);
  return found[0]!.text;
}

let project: string;

/** Compiles the project that follows the guide; gives the compiler's output, empty when all is well. */
function compile(): string {
  const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
  const run = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
  return run.stdout + run.stderr;
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'sodav-guide-'));
  cpSync(join(projectRoot, 'otel'), join(project, 'otel'), {
    recursive: true,
    filter: (source) => !source.endsWith('.test.ts'),
  });
  mkdirSync(join(project, 'src'));
  symlinkSync(join(projectRoot, 'node_modules'), join(project, 'node_modules'));
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(projectRoot, file), join(project, file));
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test('what the guide says is what happens', () => {
  // 1. The declaration goes into the object that the guide names.
  const catalogue = join(project, 'otel/metrics/catalogue/plays.ts');
  const start = 'export const playMetrics = {\n';
  const before = readFileSync(catalogue, 'utf8');
  expect(before).toContain(start);
  writeFileSync(
    catalogue,
    before.replace(start, () => start + block('otel/metrics/catalogue/plays.ts')),
  );

  // 2. The code that uses it, and a mistake that must not compile.
  const code = join(project, 'src/my-code.ts');
  writeFileSync(code, block('src/my-code.ts'));
  appendFileSync(code, block('ne compile pas'));
  expect(compile()).toMatch(/my-code\.ts\(\d+,\d+\): error TS2322: .*"valeur1"/);
  writeFileSync(code, block('src/my-code.ts'));
  expect(compile()).toBe('');

  // 3. A process that is started like the service shows it.
  const program = `
    const { somethingHappened, MyRecognizer, recognise } = require('./dist/src/my-code.js');
    const { renderMetrics } = require('./dist/otel/telemetry.js');
    (async () => {
      somethingHappened();
      await new MyRecognizer().recognise();
      await recognise();
      process.stdout.write(await renderMetrics(), () => process.exit(0));
    })();`;
  const run = spawnSync(process.execPath, ['--require', './dist/otel/bootstrap.js', '-e', program], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  const shown = blocks.find(({ language }) => language === 'text')!.text;
  expect(run.stdout).toContain(shown);
  for (const line of [
    'sodav_detections_total{detection_method="local",status="success"} 1',
    'sodav_detections_total{detection_method="local",status="no_match"} 1',
    'sodav_detection_confidence_count{detection_method="local"} 1',
  ]) {
    expect(run.stdout).toContain(line);
  }
});

test('the guide names no decorator, command or file that there is not', () => {
  const decorators = readFileSync(join(projectRoot, 'otel/metrics/decorators.ts'), 'utf8');
  for (const [, name] of guide.matchAll(/`@(\w+)\(/g)) {
    expect(decorators).toContain(`export function ${name}`);
  }
  const scripts = Object.keys(
    (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: object }).scripts,
  );
  for (const [, name] of guide.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toContain(name);
  for (const [, path] of guide.matchAll(/`((?:otel|docs)\/[\w./-]+)`/g)) {
    expect(() => readFileSync(join(projectRoot, path!))).not.toThrow();
  }
});

test('docs/metriques.md is what the catalogue says (npm run docs:metrics)', () => {
  expect(readFileSync(join(projectRoot, 'docs/metriques.md'), 'utf8')).toBe(metricsPage());
});
