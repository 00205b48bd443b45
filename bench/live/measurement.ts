import { availableParallelism, loadavg } from 'node:os';
import { familySum, quantile, slopeOf } from './numbers';
import {
  CpuLedger,
  machineBusyMs,
  PROCESS_KINDS,
  type ProcessKind,
  readProcesses,
  readThreads,
  residentOnce,
} from './processes';
import type { Service } from './service';

interface MemorySample {
  readonly atMs: number;
  readonly rss: ReadonlyMap<ProcessKind, number>;
  /** undefined where the kernel does not tell. */
  readonly pss: ReadonlyMap<ProcessKind, number> | undefined;
  /** The service's own processes, files that several of them map counted once. */
  readonly once: number | undefined;
  /** sodav_memory_usage_bytes at the same moment. */
  readonly said: number | undefined;
}

export interface Measured {
  readonly seconds: number;
  /** Audio heard by the service, seconds over all stations, by its own metric. */
  readonly audioS: number;
  readonly droppedS: number;
  /** CPU ms per second of audio. */
  readonly cpu: ReadonlyMap<ProcessKind, number>;
  /** The same within the main process, by its threads. */
  readonly threads: readonly (readonly [name: string, msPerSecond: number])[];
  /** Average percent of one core that the simulator, and everything else on the machine, used meanwhile. */
  readonly simulatorPercent: number;
  readonly othersPercent: number | undefined;
  readonly memory: readonly MemorySample[];
  /** Bytes per hour of the service's own processes without PostgreSQL, over the last two thirds. */
  readonly memorySlope: number | undefined;
  readonly backlogMaxS: number;
  readonly scrapes: { readonly median: number | undefined; readonly max: number };
  readonly loadMax: number;
}

/** What a service is seen to need, from outside. */
export class Measurement {
  private readonly ledger = new CpuLedger();
  private readonly simulator = new CpuLedger();
  private readonly memory: MemorySample[] = [];
  private readonly scrapes: number[] = [];
  private readonly threads: { first: Map<string, number>; last: Map<string, number> };
  private readonly busyAtStart = machineBusyMs();
  private readonly startedAt = Date.now();
  private readonly ownCpuAtStart = process.cpuUsage();
  private firstAudioS: number | undefined;
  private firstDroppedS = 0;
  private lastAudioS = 0;
  private lastAt = this.startedAt;
  private droppedS = 0;
  private backlogMaxS = 0;
  private loadMax = 0;

  constructor(
    private readonly service: Service,
    private readonly simulatorPid: number,
  ) {
    const threads = this.threadTimes();
    this.threads = { first: threads, last: threads };
  }

  /** Reads everything once; returns a line for who watches. */
  async sample(): Promise<string> {
    const readings = readProcesses(this.service.pid);
    this.ledger.take(readings);
    this.simulator.take(readProcesses(this.simulatorPid));
    this.threads.last = this.threadTimes();
    const began = performance.now();
    const text = await this.service.text('/api/metrics');
    this.scrapes.push((performance.now() - began) / 1000);
    const sum = (of: 'rssBytes' | 'pssBytes') =>
      new Map(
        PROCESS_KINDS.map((kind) => [
          kind,
          readings
            .filter((reading) => reading.kind === kind)
            .reduce((total, reading) => total + (reading[of] ?? 0), 0),
        ]),
      );
    const complete = readings.every(({ pssBytes }) => pssBytes !== undefined);
    const sample: MemorySample = {
      atMs: Date.now(),
      rss: sum('rssBytes'),
      pss: complete ? sum('pssBytes') : undefined,
      once: residentOnce(readings.filter(({ kind }) => kind !== 'PostgreSQL').map(({ pid }) => pid)),
      said: familySum(text, 'sodav_memory_usage_bytes'),
    };
    this.memory.push(sample);
    const heard = familySum(text, 'sodav_audio_heard_seconds_total') ?? 0;
    const dropped = familySum(text, 'sodav_audio_dropped_seconds_total') ?? 0;
    if (this.firstAudioS === undefined) {
      this.firstAudioS = heard;
      this.firstDroppedS = dropped;
    }
    this.lastAudioS = heard;
    this.lastAt = sample.atMs;
    this.droppedS = dropped - this.firstDroppedS;
    const backlog = familySum(text, 'sodav_recognition_backlog_seconds') ?? 0;
    this.backlogMaxS = Math.max(this.backlogMaxS, backlog);
    this.loadMax = Math.max(this.loadMax, loadavg()[0]!);
    const states = [...(await this.service.states())].map(([state, n]) => `${n} ${state}`).join(', ');
    const own = ownMemory(sample.rss) / 1e6;
    return [
      `${Math.round((sample.atMs - this.startedAt) / 1000)} s`,
      states,
      `${Math.round(heard - this.firstAudioS)} s of audio`,
      `${own.toFixed(0)} MB RSS (${sample.once === undefined ? '–' : (sample.once / 1e6).toFixed(0)} MB with shared files once)`,
      `backlog ${backlog.toFixed(1)} s`,
      `${this.service.named.length} named`,
      `scrape ${Math.round(1000 * this.scrapes.at(-1)!)} ms`,
      `load ${loadavg()[0]!.toFixed(1)}`,
    ].join(' · ');
  }

  result(): Measured {
    const seconds = (this.lastAt - this.startedAt) / 1000;
    const audioS = this.lastAudioS - (this.firstAudioS ?? 0);
    const simulatorMs = PROCESS_KINDS.reduce((sum, kind) => sum + this.simulator.spent(kind), 0);
    const serviceMs = PROCESS_KINDS.reduce((sum, kind) => sum + this.ledger.spent(kind), 0);
    const { user, system } = process.cpuUsage(this.ownCpuAtStart);
    const busy = machineBusyMs();
    const others =
      busy === undefined || this.busyAtStart === undefined
        ? undefined
        : busy - this.busyAtStart - simulatorMs - serviceMs - (user + system) / 1000;
    const late = this.memory.slice(Math.floor(this.memory.length / 3));
    const threads = [...this.threads.last]
      .map(([name, ms]) => [name, (ms - (this.threads.first.get(name) ?? 0)) / audioS] as const)
      .filter(([, ms]) => ms >= 0.005)
      .toSorted(([, a], [, b]) => b - a);
    return {
      seconds,
      audioS,
      droppedS: this.droppedS,
      cpu: new Map(PROCESS_KINDS.map((kind) => [kind, this.ledger.spent(kind) / audioS])),
      threads,
      simulatorPercent: simulatorMs / seconds / 10,
      othersPercent: others === undefined ? undefined : Math.max(0, others / seconds / 10),
      memory: this.memory,
      memorySlope: slopeOf(late.map(({ atMs, rss }) => ({ x: atMs / 3_600_000, y: ownMemory(rss) }))),
      backlogMaxS: this.backlogMaxS,
      scrapes: { median: quantile(this.scrapes, 0.5), max: Math.max(...this.scrapes) },
      loadMax: this.loadMax,
    };
  }

  private threadTimes(): Map<string, number> {
    const times = new Map<string, number>();
    for (const { name, cpuMs } of readThreads(this.service.pid)) {
      times.set(name, (times.get(name) ?? 0) + cpuMs);
    }
    return times;
  }
}

/** Bytes of the service's own processes: everything but PostgreSQL. */
export function ownMemory(by: ReadonlyMap<ProcessKind, number>): number {
  let sum = 0;
  for (const [kind, bytes] of by) if (kind !== 'PostgreSQL') sum += bytes;
  return sum;
}

export const CORES = availableParallelism();
