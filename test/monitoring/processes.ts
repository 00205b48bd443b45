import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled, projectRoot } from '../../src/paths';
import { freePort, until } from '../support/prometheus';

/** The service as a process. */
export interface Service {
  readonly url: string;
  /** The end of what it has said. */
  log(): string;
  get<T>(path: string): Promise<T>;
  /** With the token of its data folder. */
  write<T>(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<T>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Politely, by force after 20 s. */
  stop(): Promise<void>;
}

/**
 * The service itself, as `npm start` runs it, with a data folder of its own; ready when this resolves. It has not been
 * asked anything until then: its log says that it listens to its stations, or waits for the copy that does.
 */
export async function startService(settings: Record<string, string>): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-watched-'));
  const port = await freePort();
  const child: ChildProcess = spawn(
    process.execPath,
    ['--require', compiled('otel/bootstrap'), compiled('src/main')],
    {
      cwd: projectRoot,
      env: {
        PATH: process.env.PATH ?? '',
        PORT: String(port),
        DATA_DIR: folder,
        LOG_FORMAT: 'json',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
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
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await until(
      async () => child.exitCode !== null || /À voir :|Une autre copie du service écoute déjà/.test(log),
      Boolean,
      90,
    );
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}`);
  } catch (error) {
    await end('SIGKILL');
    throw new Error(`${error}\n${log}`);
  }
  const url = `http://127.0.0.1:${port}`;
  const ask = async (path: string, request: RequestInit = {}) => {
    const response = await fetch(url + path, { ...request, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    url,
    log: () => log,
    get: (path) => ask(path),
    write: (method, path, body) =>
      ask(path, {
        method,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${readFileSync(join(folder, 'api-token'), 'utf8').trim()}`,
        },
        body: JSON.stringify(body),
      }),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}
