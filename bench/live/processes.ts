import { readdirSync, readFileSync } from 'node:fs';

/** What the service's processes are. */
export const PROCESS_KINDS = ['main', 'decoders', 'file readers', 'PostgreSQL', 'other'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

export interface ProcessReading {
  readonly pid: number;
  readonly kind: ProcessKind;
  /** User and system time since its start, ms. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Its own memory and its share of what it shares; undefined where the kernel does not tell. */
  readonly pssBytes: number | undefined;
}

export interface ThreadReading {
  readonly name: string;
  readonly cpuMs: number;
}

/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

function cpuOf(stat: string): number {
  // The second field is the program's name in parentheses and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function kilobytes(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text);
  return found ? Number(found[1]) * 1024 : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // it has ended, or may not be read
  }
}

function kindOf(pid: number, root: number): ProcessKind {
  if (pid === root) return 'main';
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  if (/capture.decoder.main/.test(command)) return 'decoders';
  if (/library.analyser.worker/.test(command)) return 'file readers';
  if (/postgres/.test(command)) return 'PostgreSQL';
  return 'other';
}

function withDescendants(pid: number, into: number[]): number[] {
  into.push(pid);
  // Threads start processes too: each has a list of its own.
  for (const thread of attempt(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
    const children = attempt(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')) ?? '';
    for (const child of children.split(' ').filter(Boolean)) withDescendants(Number(child), into);
  }
  return into;
}

/** A process and everything that it started, as far as it still runs. Linux only. */
export function readProcesses(root: number): ProcessReading[] {
  return withDescendants(root, []).flatMap((pid) => {
    const reading = attempt((): ProcessReading => {
      const rollup = attempt(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
      return {
        pid,
        kind: kindOf(pid, root),
        cpuMs: cpuOf(readFileSync(`/proc/${pid}/stat`, 'utf8')),
        rssBytes: kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') ?? 0,
        pssBytes: rollup === undefined ? undefined : kilobytes(rollup, 'Pss'),
      };
    });
    return reading ? [reading] : [];
  });
}

/**
 * Resident memory of several processes with every file counted once: Node's and libav's code, which all of them map.
 * Per file the process that has most of it counts. undefined where the kernel does not tell.
 */
export function residentOnce(pids: readonly number[]): number | undefined {
  const files = new Map<string, number>();
  let own = 0;
  for (const pid of pids) {
    const maps = attempt(() => readFileSync(`/proc/${pid}/smaps`, 'utf8'));
    if (maps === undefined) return undefined;
    const ofProcess = new Map<string, number>();
    for (const [, file, text] of maps.matchAll(
      /^[0-9a-f]+-[0-9a-f]+ .{4} \S+ \S+ \S+ *(.*)\n((?:[A-Z].*\n)+)/gm,
    )) {
      const rss = kilobytes(text!, 'Rss') ?? 0;
      // A file's pages that were written to are the process's own.
      const dirty = file!.startsWith('/') ? (kilobytes(text!, 'Private_Dirty') ?? 0) : rss;
      own += dirty;
      if (rss > dirty) ofProcess.set(file!, (ofProcess.get(file!) ?? 0) + rss - dirty);
    }
    for (const [file, bytes] of ofProcess) files.set(file, Math.max(bytes, files.get(file) ?? 0));
  }
  for (const bytes of files.values()) own += bytes;
  return own;
}

/** CPU time of a process's threads, by their names. */
export function readThreads(pid: number): ThreadReading[] {
  return (attempt(() => readdirSync(`/proc/${pid}/task`)) ?? []).flatMap((thread) => {
    const reading = attempt(() => ({
      name: readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim(),
      cpuMs: cpuOf(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
    }));
    return reading ? [reading] : [];
  });
}

/** CPU time that the whole machine has spent since its start, ms, over all cores, without waiting. */
export function machineBusyMs(): number | undefined {
  return attempt(() => {
    const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
      .split('\n')[0]!
      .split(/\s+/)
      .map(Number);
    return (user! + nice! + system! + irq! + softirq! + steal!) * TICK_MS;
  });
}

/** Adds up the CPU time of processes that come and go: what one had used when last seen stays counted. */
export class CpuLedger {
  private readonly first = new Map<number, number>();
  private readonly last = new Map<number, { kind: ProcessKind; cpuMs: number }>();
  private begun = false;

  take(readings: readonly ProcessReading[]): void {
    for (const { pid, kind, cpuMs } of readings) {
      // A process that starts later counts from its start.
      if (!this.last.has(pid)) this.first.set(pid, this.begun ? 0 : cpuMs);
      this.last.set(pid, { kind, cpuMs });
    }
    this.begun = true;
  }

  /** ms since the first reading. */
  spent(kind: ProcessKind): number {
    let sum = 0;
    for (const [pid, { kind: its, cpuMs }] of this.last) {
      if (its === kind) sum += cpuMs - this.first.get(pid)!;
    }
    return sum;
  }
}
