import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { compiled, projectRoot } from '../../src/paths';
import type { LoggedPlay, Naming } from './verdict';

interface LogLine {
  readonly time: string;
  readonly msg: string;
  readonly level: number;
  readonly stationId?: number;
  readonly trackId?: number;
  readonly confidence?: number;
}

interface PlayLine {
  readonly station: { readonly name: string };
  readonly kind: string;
  readonly track?: { readonly title: string };
  readonly started_at: string;
  readonly ended_at: string;
}

/**
 * The service as `npm start` starts it, in a process of its own, on a data folder of its own. Settings of memory come
 * with this process's own arguments and environment.
 */
export class Service {
  private readonly child;
  private readonly exited: Promise<void>;
  private ended: string | undefined;
  readonly url: string;
  /** ♪ lines of its log: when it first named what, by station and track number. */
  readonly named: { readonly stationId: number; readonly trackId: number; readonly at: number }[] = [];
  /** Lines of level warn and above. */
  readonly complaints: string[] = [];

  constructor(
    private readonly dataDir: string,
    port: number,
    logFile: string,
  ) {
    this.url = `http://127.0.0.1:${port}`;
    const { DATABASE_URL: _, DEMO: __, ...environment } = process.env;
    this.child = spawn(
      process.execPath,
      [...process.execArgv, '--require', compiled('otel/bootstrap'), compiled('src/main')],
      {
        cwd: projectRoot,
        env: {
          ...environment,
          DATA_DIR: dataDir,
          PORT: String(port),
          HOST: '127.0.0.1',
          DEMO: 'off',
          LOG_FORMAT: 'json',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const log = createWriteStream(logFile);
    this.child.stdout!.pipe(log);
    this.child.stderr!.on('data', (chunk: Buffer) => this.complaints.push(chunk.toString().trim()));
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.heard(line));
    this.exited = new Promise((resolve) =>
      this.child.once('exit', (code, signal) => {
        this.ended = `ended with ${signal ?? code}`;
        resolve();
      }),
    );
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** @throws Error when it has ended */
  mustLive(): void {
    if (this.ended) throw new Error(`the service ${this.ended}: ${this.complaints.slice(-5).join('\n')}`);
  }

  /** Resolves when it is ready to listen. */
  async ready(): Promise<void> {
    for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(200)) {
      this.mustLive();
      const response = await fetch(`${this.url}/api/stations`).catch(() => undefined);
      const health = response?.ok && (await this.text('/api/metrics').catch(() => ''));
      if (health && /^sodav_index_built_timestamp_seconds /m.test(health)) return;
    }
    throw new Error(`the service is not ready: ${this.complaints.slice(-5).join('\n')}`);
  }

  async text(path: string): Promise<string> {
    const response = await fetch(this.url + path, { signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.text();
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  /** Adds a station over HTTP; returns its number. */
  async addStation(station: { name: string; url: string }): Promise<number> {
    const token = readFileSync(join(this.dataDir, 'api-token'), 'utf8').trim();
    const response = await fetch(`${this.url}/api/stations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(station),
    });
    if (response.status !== 201) {
      throw new Error(`POST /api/stations: ${response.status} ${await response.text()}`);
    }
    return ((await response.json()) as { id: number }).id;
  }

  /** Stations by their state. */
  async states(): Promise<Map<string, number>> {
    const { stations } = await this.json<{ stations: { state?: string }[] }>('/api/stations');
    const states = new Map<string, number>();
    for (const { state = 'none' } of stations) states.set(state, (states.get(state) ?? 0) + 1);
    return states;
  }

  /** The whole log of plays. */
  async plays(): Promise<LoggedPlay[]> {
    const all: LoggedPlay[] = [];
    for (let cursor = ''; ; ) {
      const page = await this.json<{ plays: PlayLine[]; next_cursor?: string }>(
        `/api/plays?limit=500${cursor}`,
      );
      all.push(
        ...page.plays.map((play) => ({
          station: play.station.name,
          kind: play.kind,
          title: play.track?.title,
          startedAt: Date.parse(play.started_at),
          endedAt: Date.parse(play.ended_at),
        })),
      );
      if (page.next_cursor === undefined) return all;
      cursor = `&cursor=${page.next_cursor}`;
    }
  }

  /** When what was named first. */
  namings(stations: ReadonlyMap<number, string>, titles: ReadonlyMap<number, string>): Naming[] {
    return this.named.flatMap(({ stationId, trackId, at }) => {
      const station = stations.get(stationId);
      const title = titles.get(trackId);
      return station === undefined || title === undefined ? [] : [{ station, title, at }];
    });
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 60_000);
    await this.exited;
    clearTimeout(timer);
  }

  private heard(line: string): void {
    let entry: LogLine;
    try {
      entry = JSON.parse(line) as LogLine;
    } catch {
      return;
    }
    const { time, msg, level, stationId, trackId } = entry;
    if (level >= 40) this.complaints.push(msg);
    if (msg.startsWith('♪') && stationId !== undefined && trackId !== undefined) {
      this.named.push({ stationId, trackId, at: Date.parse(time) });
    }
  }
}
