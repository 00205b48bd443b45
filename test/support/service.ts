import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled, projectRoot } from '../../src/paths';
import { freePort, until } from './prometheus';

/** The whole service in a process of its own, as `npm start` runs it. */
export interface RunningService {
  readonly url: string;
  /** What it has written to its log, to the last lines. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts it with these settings and waits until it is ready; fails with the end of its log. */
export async function startService(settings: Readonly<Record<string, string>>): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-service-'));
  const port = await freePort();
  const environment = {
    PATH: process.env.PATH ?? '',
    PORT: String(port),
    DATA_DIR: folder,
    LOG_FORMAT: 'json',
  };
  const child = spawn(process.execPath, ['--require', compiled('otel/bootstrap'), compiled('src/main')], {
    cwd: projectRoot,
    env: { ...environment, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const keep = (part: Buffer) => {
    log = (log + part).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  await until(
    async () => {
      if (child.exitCode !== null) throw new Error(log);
      return (await fetch(`${url}/health/ready`)).status;
    },
    (status) => status === 200,
    60,
  );
  return {
    url,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await ended;
      clearTimeout(late);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
