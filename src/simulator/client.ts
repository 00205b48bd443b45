import { fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compiled } from '../paths';
import type { Fault } from './live/faults';
import { type SimulatorInput, toArguments } from './options';
import type { Recording } from './repertoire';
import type { TruthEntry } from './truth';

/** A simulator that runs as a process of its own. */
export interface Simulator {
  readonly pid: number;
  readonly port: number;
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** Air time at which the programmes began, ms since the epoch. */
  readonly origin: number;
  stations(): Promise<SimulatedStation[]>;
  /** What was aired, ms since the epoch; by default from the beginning until now, the present entry included. */
  truth(query?: { station?: string; from?: number; to?: number }): Promise<SimulatedTruth>;
  /** What the reference library holds. */
  library(): Promise<Recording[]>;
  /** Writes the reference library to a folder as tagged FLAC files; resolves with their paths. */
  writeLibrary(folder: string): Promise<string[]>;
  /** Makes a station misbehave from now on, for `seconds` of air; 0 ends it. */
  fault(mount: string, fault: Fault, seconds: number): Promise<void>;
  /** Ends the process; resolves when it has gone. */
  stop(): Promise<void>;
}

export interface SimulatedStation {
  readonly name: string;
  readonly mount: string;
  readonly url: string;
  readonly codec: string;
  readonly listeners: number;
}

export interface SimulatedTruth {
  readonly origin: number;
  /** The simulator's air time when it answered. */
  readonly now: number;
  readonly entries: TruthEntry[];
}

/** Songs are synthesised first: minutes of work where other programs want the same cores. */
const START_TIMEOUT_MS = 300_000;

/**
 * Starts a simulator and resolves when it can be listened to. It ends with this process.
 * @throws Error with what it said when it does not start
 */
export async function startSimulator(options: SimulatorInput = {}): Promise<Simulator> {
  const child = fork(compiled('src/simulator/main'), toArguments(options), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { port, origin } = await new Promise<{ port: number; origin: number }>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the simulator did not start: ${said}`));
    }, START_TIMEOUT_MS);
    child.once('message', (message) => {
      clearTimeout(timer);
      resolve(message as { port: number; origin: number });
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the simulator ended (${code ?? signal}): ${said}`));
    });
    child.once('error', reject);
  });
  const url = `http://127.0.0.1:${port}`;
  const get = async <T>(path: string): Promise<T> => (await ask(`${url}/${path}`)).json() as Promise<T>;
  const library = () => get<Recording[]>('library.json');
  return {
    pid: child.pid!,
    port,
    url,
    origin,
    stations: () => get('stations.json'),
    truth: (query = {}) => {
      const parameters = new URLSearchParams();
      for (const [key, value] of Object.entries(query)) parameters.set(key, String(value));
      return get(`truth.json?${parameters}`);
    },
    library,
    async writeLibrary(folder) {
      await mkdir(folder, { recursive: true });
      const paths: string[] = [];
      for (const { key } of await library()) {
        const path = join(folder, `${key}.flac`);
        await writeFile(path, Buffer.from(await (await ask(`${url}/library/${key}.flac`)).arrayBuffer()));
        paths.push(path);
      }
      return paths;
    },
    async fault(mount, fault, seconds) {
      await ask(`${url}/faults`, { method: 'POST', body: JSON.stringify({ mount, fault, seconds }) });
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response;
}
