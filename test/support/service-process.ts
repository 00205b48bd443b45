import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlayView } from '../../src/http/play-view';
import { projectRoot } from '../../src/paths';
import { eventually } from './eventually';
import { Exposition } from './exposition';

export interface StationView {
  readonly id: number;
  readonly name: string;
  readonly simulated: boolean;
  readonly state?: string;
  readonly reason?: string;
}

export interface ServiceEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The service as its users run it: a process of its own, with nothing of this one's environment but PATH. */
export class Service {
  #stdout = '';
  #stderr = '';
  #url = '';
  readonly ended: Promise<ServiceEnd>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly dataDir: string,
  ) {
    child.stdout!.on('data', (chunk) => {
      this.#stdout += chunk;
    });
    child.stderr!.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (status, signal) =>
        resolve({ status, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  /** Starts the process, and waits for nothing. */
  static spawn(dataDir: string, environment: Record<string, string>): Service {
    const child = spawn(
      process.execPath,
      ['--require', `${projectRoot}/dist/otel/bootstrap.js`, `${projectRoot}/dist/src/main.js`],
      {
        env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    return new Service(child, dataDir);
  }

  /** Starts it and waits until it can work. */
  static async start(dataDir: string, environment: Record<string, string>): Promise<Service> {
    const service = Service.spawn(dataDir, environment);
    try {
      await service.answers();
      await eventually(120_000, async () => (await fetch(`${service.url}/health/ready`)).status === 200);
    } catch (error) {
      await service.kill();
      throw new Error(`the service did not start: ${error}\n${service.log}`);
    }
    return service;
  }

  /** Waits until it listens. */
  async answers(): Promise<void> {
    const found = await eventually(120_000, () => {
      if (this.child.exitCode !== null) return 'nothing';
      return /SODAV Monitor répond sur (http:\/\/[\d.]+:\d+)/.exec(this.#stdout)?.[1];
    });
    if (found === 'nothing') throw new Error(`it ended with ${this.child.exitCode}`);
    this.#url = found;
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** All that it has said. */
  get log(): string {
    return this.#stdout + this.#stderr;
  }

  async get<T>(path: string): Promise<T> {
    return this.#ask('GET', path);
  }

  /** A request with the token that the service wrote into its data folder. */
  async write<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    return this.#ask(method, path, body, readFileSync(join(this.dataDir, 'api-token'), 'utf8').trim());
  }

  async #ask<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async addStation(name: string, url: string): Promise<StationView> {
    return this.write('POST', '/api/stations', { name, url });
  }

  async stations(): Promise<StationView[]> {
    return (await this.get<{ stations: StationView[] }>('/api/stations')).stations;
  }

  /** Every play that the log has, oldest first, read page by page. */
  async plays(): Promise<PlayView[]> {
    const all: PlayView[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: { plays: PlayView[]; next_cursor?: string } = await this.get(
        `/api/plays?limit=100${cursor && `&cursor=${cursor}`}`,
      );
      all.push(...page.plays);
      cursor = page.next_cursor;
    }
    return all.reverse();
  }

  async metrics(): Promise<Exposition> {
    const response = await fetch(`${this.#url}/api/metrics`, { signal: AbortSignal.timeout(20_000) });
    if (response.status !== 200) throw new Error(`scrape: ${response.status}`);
    return new Exposition(await response.text());
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** kill -9, as a power cut would. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Ends it as an operator does; kill -9 where that takes too long. */
  async stop(): Promise<ServiceEnd> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    const end = await this.ended;
    clearTimeout(timer);
    return end;
  }
}
