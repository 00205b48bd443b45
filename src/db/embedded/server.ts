import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { AppError } from '../../errors';
import { type Account, accountFor } from './account';
import { findBinaries } from './binaries';

const USER = 'sodav';
const DATABASE = 'sodav';

/** A PostgreSQL server that lives in a folder, on a loopback port. */
export interface EmbeddedServer {
  readonly url: string;
  readonly pid: number;
  /** It was already running: another of our processes, or an orphan of one that was killed. */
  readonly adopted: boolean;
  /** Stops it in an orderly way, unless another process is still connected to it. */
  stop(): Promise<void>;
}

/**
 * Starts the server whose data are in `folder`, making them at the first start; takes over one that is already running.
 * Settings are extra `name=value` pairs for the server; without a wanted port it takes a free one.
 * @throws AppError `embedded_postgres_failed` with the end of PostgreSQL's own log
 */
export async function startEmbedded(
  folder: string,
  settings: readonly string[] = [],
  wantedPort?: number,
): Promise<EmbeddedServer> {
  const binaries = findBinaries();
  mkdirSync(folder, { recursive: true });
  const data = join(folder, 'pgdata');
  const account = accountFor([binaries.postgres, folder]);
  const passwordFile = join(folder, 'password');
  const log = join(folder, 'postgres.log');

  const running = await findRunning(data, passwordFile);
  if (running) return { ...running, adopted: true, stop: () => stop(running.url, running.pid) };

  if (!existsSync(join(data, 'PG_VERSION')))
    await initialise(binaries.initdb, data, passwordFile, account, log);
  const password = readFileSync(passwordFile, 'utf8');
  const port = wantedPort ?? (await freePort());
  const server = run(
    account,
    binaries.postgres,
    [
      ...['-D', data, '-p', String(port), '-h', '127.0.0.1'],
      ...['unix_socket_directories=', 'max_connections=100', 'log_min_messages=warning', ...settings].flatMap(
        (setting) => ['-c', setting],
      ),
    ],
    log,
  );
  const url = urlOf(port, password);
  await untilReady(url, server, log);
  await createDatabase(url);
  return { url, pid: server.pid!, adopted: false, stop: () => stop(url, server.pid!) };
}

/** Log files of this size start afresh at the next start, bytes. */
const LOG_LIMIT = 20e6;

function run(account: Account, program: string, args: readonly string[], log: string): ChildProcess {
  if (existsSync(log) && statSync(log).size > LOG_LIMIT) rmSync(log);
  const output = openSync(log, 'a');
  const { file, args: line, uid, gid } = account.command(program, args);
  return spawn(file, line, {
    ...(uid === undefined ? {} : { uid, gid }),
    // A group of its own: the terminal's Ctrl-C is for us; we stop PostgreSQL when the last play is written.
    detached: true,
    cwd: '/',
    env: {
      PATH: process.env.PATH,
      LC_ALL: 'C',
      TZ: 'UTC',
      ...(process.platform === 'win32' ? process.env : {}),
    },
    stdio: ['ignore', output, output],
  });
}

async function initialise(initdb: string, data: string, passwordFile: string, account: Account, log: string) {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  account.own(data);
  account.own(passwordFile);
  const code = await exitOf(
    run(
      account,
      initdb,
      [
        ...['-D', data, '-U', USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
        ...['--encoding=UTF8', '--no-locale', '--no-instructions'],
      ],
      log,
    ),
  );
  if (code !== 0) {
    rmSync(data, { recursive: true, force: true });
    throw failed(log);
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
}

/** The server that `postmaster.pid` speaks of, if it lives and answers. */
async function findRunning(data: string, passwordFile: string) {
  let lines: string[];
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !alive(pid) || !port) return undefined;
  const url = urlOf(port, readFileSync(passwordFile, 'utf8'));
  // It may be starting, or recovering after a crash.
  for (let attempt = 0; attempt < 40 && alive(pid); attempt++) {
    if (await answers(url)) {
      await createDatabase(url);
      return { url, pid };
    }
    await sleep(250);
  }
  // Another program has got the pid since, or PostgreSQL is going down: it sorts that out itself when started.
  return undefined;
}

function urlOf(port: number, password: string, database = DATABASE): string {
  return `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** The same server's maintenance database, which always exists. */
function maintenance(url: string): string {
  const changed = new URL(url);
  changed.pathname = '/postgres';
  return changed.toString();
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(maintenance(url), (client) => client.query('SELECT 1'));
    return true;
  } catch {
    return false;
  }
}

async function untilReady(url: string, server: ChildProcess, log: string): Promise<void> {
  let exited = false;
  server.once('error', () => {
    exited = true;
  });
  server.once('exit', () => {
    exited = true;
  });
  // Recovery after a crash may take a while; a minute without an answer is a fault.
  for (const started = Date.now(); Date.now() - started < 60_000 && !exited; await sleep(50)) {
    if (await answers(url)) return;
  }
  if (!exited) server.kill('SIGQUIT');
  throw failed(log);
}

async function createDatabase(url: string): Promise<void> {
  await withClient(maintenance(url), async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  });
}

async function stop(url: string, pid: number): Promise<void> {
  if (!alive(pid)) return;
  const others = await withClient(maintenance(url), async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = $1`,
      [DATABASE],
    );
    return rows[0]!.n;
  }).catch(() => 0);
  if (others > 0) return;
  process.kill(pid, 'SIGINT'); // PostgreSQL's "fast shutdown"
  for (const asked = Date.now(); alive(pid) && Date.now() - asked < 20_000; ) await sleep(20);
  if (alive(pid)) process.kill(pid, 'SIGQUIT');
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function failed(log: string): AppError {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join(' | ') : '';
  return new AppError('embedded_postgres_failed', 500, {
    fr: `Le PostgreSQL embarqué n'a pas démarré : ${lines} (journal : ${log}).`,
    en: `The embedded PostgreSQL did not start: ${lines} (log: ${log}).`,
  });
}
