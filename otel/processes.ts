import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Linux counts CPU time in hundredths of a second wherever Node runs. */
const TICKS_PER_SECOND = 100;

const helpers = new Set<number>();

/**
 * Counts a process that the service started (decoder, embedded PostgreSQL), and what that process starts, to
 * sodav_cpu_usage_percent and sodav_memory_usage_bytes. Read from /proc: on systems without it helpers are not counted.
 */
export function registerHelperProcess(pid: number): void {
  helpers.add(pid);
}

export function unregisterHelperProcess(pid: number): void {
  helpers.delete(pid);
}

const FOLLOW_MS = 2_000;

/**
 * Counts helpers that come and go, such as decoders that are started again.
 * @param pids those of now
 * @returns stops following; those of then stay counted
 */
export function followHelperProcesses(pids: () => readonly number[]): () => void {
  let known = new Set<number>();
  const look = () => {
    const now = new Set(pids());
    for (const pid of now) if (!known.has(pid)) registerHelperProcess(pid);
    for (const pid of known) if (!now.has(pid)) unregisterHelperProcess(pid);
    known = now;
  };
  look();
  const timer = setInterval(look, FOLLOW_MS);
  return () => clearInterval(timer);
}

interface HelperUsage {
  readonly cpuSeconds: number;
  /** Resident memory without `sharedBytes`. */
  readonly rssBytes: number;
  /** Of System V, POSIX and anonymous shared memory: PostgreSQL's processes all map the same buffers. */
  readonly sharedBytes: number;
}

function usageOf(pid: number): HelperUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    const sharedBytes = bytes('RssShmem');
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      rssBytes: bytes('VmRSS') - sharedBytes,
      sharedBytes,
    };
  } catch {
    return undefined; // it has ended
  }
}

function withDescendants(pid: number, into: Set<number>): void {
  if (into.has(pid)) return;
  into.add(pid);
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children.split(' ').filter(Boolean)) withDescendants(Number(child), into);
  } catch {
    // it has ended, or the kernel does not list children
  }
}

function helperUsage(roots: Iterable<number> = helpers): Map<number, HelperUsage> {
  const pids = new Set<number>();
  for (const pid of roots) withDescendants(pid, pids);
  const found = new Map<number, HelperUsage>();
  for (const pid of pids) {
    const usage = usageOf(pid);
    if (usage) found.set(pid, usage);
  }
  return found;
}

/** Reads closer together than this repeat the last percentage: the clock ticks of /proc are 10 ms long. */
const SHORTEST_WINDOW_MS = 500;

/**
 * Percent of the machine's CPU capacity that the service used since the last reading. One per reader of metrics: two
 * readers that shared one would shorten each other's window, down to nothing divided by nothing.
 */
export class UsageWindow {
  #at = performance.now();
  #own = process.cpuUsage();
  #ownSeconds = (this.#own.user + this.#own.system) / 1e6;
  #helpers = helperUsage();
  #percent: number | undefined;

  /** @param ownSeconds CPU time of this process so far, all threads */
  cpuPercent(ownSeconds: number): number {
    const now = performance.now();
    if (this.#percent !== undefined && now - this.#at < SHORTEST_WINDOW_MS) return this.#percent;
    const helpersNow = helperUsage();
    let used = ownSeconds - this.#ownSeconds;
    for (const [pid, { cpuSeconds }] of helpersNow) {
      used += cpuSeconds - (this.#helpers.get(pid)?.cpuSeconds ?? 0);
    }
    const capacity = ((now - this.#at) / 1000) * availableParallelism();
    this.#percent = capacity > 0 ? Math.max(0, (100 * used) / capacity) : 0;
    this.#at = now;
    this.#ownSeconds = ownSeconds;
    this.#helpers = helpersNow;
    return this.#percent;
  }
}

/**
 * Resident memory of the helpers, bytes. Shared memory counts once per helper, with all that it started: PostgreSQL's
 * buffers would otherwise count once per connection.
 */
export function helperMemory(): number {
  let sum = 0;
  for (const helper of helpers) {
    const family = [...helperUsage([helper]).values()];
    sum += Math.max(0, ...family.map(({ sharedBytes }) => sharedBytes));
    for (const { rssBytes } of family) sum += rssBytes;
  }
  return sum;
}
