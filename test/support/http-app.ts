import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../src/clock';
import { createApp } from '../../src/http/app';
import type { HttpDeps, Library } from '../../src/http/deps';
import { type Listener, listen } from '../../src/http/listen';
import { ensureToken } from '../../src/http/tokens';
import { PlayStore } from '../../src/plays/store';
import { StationStore } from '../../src/stations/store';
import type { Station, StationStatus } from '../../src/stations/types';
import { freshDatabase } from './database';

/** For tests that never touch the library. */
const noLibrary: Library = {
  search: () => Promise.reject(new Error('no library in this test')),
  get: () => Promise.reject(new Error('no library in this test')),
  delete: () => Promise.reject(new Error('no library in this test')),
  importFile: () => Promise.reject(new Error('no library in this test')),
};

/** The HTTP side on a real server over a real database; what listens and what recognises is the test's to drive. */
export interface TestApp {
  readonly url: string;
  readonly token: string;
  readonly folder: string;
  readonly deps: HttpDeps;
  readonly statuses: Map<number, StationStatus>;
  readonly applied: Station[];
  readonly removed: number[];
  /** Log lines written so far. */
  readonly logged: { level: number; msg: string; [field: string]: unknown }[];
  /** A call with the token, unless `headers` say otherwise. */
  call(path: string, init?: RequestInit): Promise<Response>;
  send(method: string, path: string, body: unknown): Promise<Response>;
  stop(): Promise<void>;
}

export async function startApp(change: (deps: HttpDeps) => Partial<HttpDeps> = () => ({})): Promise<TestApp> {
  const { knex, drop } = await freshDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'sodav-http-'));
  const statuses = new Map<number, StationStatus>();
  const applied: Station[] = [];
  const removed: number[] = [];
  const logged: TestApp['logged'] = [];
  const log = pino(
    { level: 'debug', base: null },
    { write: (line: string) => logged.push(JSON.parse(line)) },
  );
  const base: HttpDeps = {
    knex,
    clock: systemClock,
    log,
    settings: {
      host: '127.0.0.1',
      uploadDir: join(folder, 'uploads'),
      links: { prometheus: 'http://localhost:9090', grafana: 'http://localhost:3001' },
      demo: false,
    },
    stations: new StationStore(knex),
    plays: new PlayStore(knex),
    listening: {
      apply: (station) => void applied.push(station),
      remove: (id) => removed.push(id),
      status: (id) => statuses.get(id),
    },
    library: noLibrary,
    checks: [],
  };
  const changes = change(base);
  const used = changes.knex ?? knex;
  const deps: HttpDeps = {
    ...base,
    stations: new StationStore(used),
    plays: new PlayStore(used),
    ...changes,
  };
  const path = await ensureToken({ knex: deps.knex, dataDir: folder, log });
  const token = readFileSync(path!, 'utf8').trim();
  const listener: Listener = await listen(createApp(deps), { host: '127.0.0.1', port: 0 });
  const call: TestApp['call'] = (address, init = {}) =>
    fetch(`${listener.url}${address}`, {
      ...init,
      headers: { Authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) },
    });
  return {
    url: listener.url,
    token,
    folder,
    deps,
    statuses,
    applied,
    removed,
    logged,
    call,
    send: (method, address, body) =>
      call(address, {
        method,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async stop() {
      listener.server.closeAllConnections();
      await listener.close();
      await drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
