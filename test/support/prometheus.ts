import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RULE_FILES } from '../../docker/prometheus/rules';
import { projectRoot } from '../../src/paths';
import { freePort } from './free-port';

/** Stands for the program's own address in its configuration, which it gets only when it starts. */
export const ITSELF = 'itself.invalid';

/** Asks until the answer is as wanted; fails after `seconds`, saying what came last. */
export async function until<T>(
  ask: () => Promise<T>,
  wanted: (value: T) => boolean,
  seconds = 60,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    let last: unknown;
    try {
      const value = await ask();
      if (wanted(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${JSON.stringify(last) ?? last}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A program of the monitoring on a port and in a folder of its own. */
export interface Running {
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

interface Launch {
  readonly args: (folder: string, port: number) => string[];
  readonly config?: string;
  /** Puts further files into the program's folder before it starts. */
  readonly prepare?: (folder: string) => void;
  readonly readyAt?: string;
}

async function run(
  program: string,
  { args, config = '', prepare, readyAt = '/-/ready' }: Launch,
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), `sodav-${program}-`));
  const port = await freePort();
  prepare?.(folder);
  writeFileSync(join(folder, 'config.yml'), config.replaceAll(ITSELF, `127.0.0.1:${port}`));
  const child: ChildProcess = spawn(program, args(folder, port), {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
  });
  let log = '';
  child.stderr!.on('data', (part) => {
    log = (log + part).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(log);
      return (await fetch(`${url}${readyAt}`)).status;
    },
    (status) => status === 200,
  );
  return {
    url,
    folder,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A real Prometheus with this configuration, and the project's rules where that asks for them. Rules that look back for
 * days are evaluated as often as the others, so that a test need not wait for them.
 * @param options.hurry alerts fire after two seconds instead of their `for`, and are told again after as many
 */
export function startPrometheus(
  config: string,
  options: { readonly hurry?: boolean } = {},
): Promise<Running> {
  return run('prometheus', {
    config,
    prepare(folder) {
      mkdirSync(join(folder, 'rules'));
      for (const file of RULE_FILES) {
        const rules = readFileSync(join(projectRoot, 'docker/prometheus/rules', file), 'utf8')
          .replace(/^ {4}interval: .*\n/gm, '')
          .replace(/^ {8}for: .*$/gm, (line) => (options.hurry ? '        for: 2s' : line));
        writeFileSync(join(folder, 'rules', file), rules);
      }
    },
    args: (folder, port) => [
      `--config.file=${folder}/config.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle',
      // What fires before Prometheus knows its Alertmanager is told with the next reminder.
      ...(options.hurry ? ['--rules.alert.resend-delay=2s'] : []),
    ],
  });
}

/** A real Node Exporter. */
export function startNodeExporter(): Promise<Running> {
  return run('prometheus-node-exporter', {
    readyAt: '/',
    args: (_, port) => [`--web.listen-address=127.0.0.1:${port}`],
  });
}

/** A real Alertmanager with this configuration. */
export function startAlertmanager(config: string): Promise<Running> {
  return run('prometheus-alertmanager', {
    config,
    args: (folder, port) => [
      `--config.file=${folder}/config.yml`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
  });
}
