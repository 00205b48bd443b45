import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled, projectRoot } from '../../src/paths';
import { freePort, until } from '../support/prometheus';

/** A process with an address. */
export interface Program {
  readonly url: string;
  readonly pid: number;
  /** The end of what it has said. */
  log(): string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Politely, by force after 20 s. */
  stop(): Promise<void>;
}

async function start(
  command: string,
  args: readonly string[],
  port: number,
  isReady: (log: string) => boolean | Promise<boolean>,
  environment: Record<string, string> = {},
  folder?: string,
): Promise<Program> {
  const child: ChildProcess = spawn(command, args, {
    cwd: projectRoot,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (part) => {
      log = (log + part).slice(-20_000);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(late);
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await until(
      async () => {
        if (child.exitCode !== null) return true;
        return isReady(log);
      },
      Boolean,
      90,
    );
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
  } catch (error) {
    await end('SIGKILL');
    throw new Error(`${error}\n${log}`);
  }
  return { url, pid: child.pid!, log: () => log, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

/**
 * The service itself, as `npm start` runs it, with a data folder of its own; ready when this resolves. It has not been
 * asked anything until then: its log says that it listens to its stations, or waits for the copy that does.
 */
export async function startService(settings: Record<string, string>): Promise<Program> {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-watched-'));
  const port = await freePort();
  return start(
    process.execPath,
    ['--require', compiled('otel/bootstrap'), compiled('src/main')],
    port,
    (log) => /À voir :|Une autre copie du service écoute déjà/.test(log),
    { PORT: String(port), DATA_DIR: folder, LOG_FORMAT: 'json', ...settings },
    folder,
  );
}

async function answers(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/metrics`)).ok;
}

/** A real Node Exporter. */
export async function startNodeExporter(): Promise<Program> {
  const port = await freePort();
  return start('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`], port, () =>
    answers(port),
  );
}
