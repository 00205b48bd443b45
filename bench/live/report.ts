import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { CORES, type Measured, ownMemory } from './measurement';
import { quantile } from './numbers';
import type { LiveOptions } from './options';
import { PROCESS_KINDS, type ProcessKind } from './processes';
import type { Verdict } from './verdict';

interface Run {
  readonly command: string;
  readonly options: LiveOptions;
  readonly at: Date;
  readonly verdict: Verdict;
  readonly measured: Measured;
  readonly complaints: readonly string[];
  readonly load: readonly number[];
}

const fixed = (value: number | undefined, digits = 1) => (value === undefined ? '–' : value.toFixed(digits));
const megabytes = (bytes: number | undefined) =>
  bytes === undefined ? '–' : `${Math.round(bytes / 1e6)} MB`;
const seconds = (values: readonly number[]) =>
  `${fixed(quantile(values, 0.5), 2)} / ${fixed(quantile(values, 0.9), 2)} / ${fixed(quantile(values, 1), 2)} s`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function recognition({ verdict, measured }: Run): string {
  const { aired, recognised, invented, repeated, unknownAired, unknownLogged } = verdict;
  return table(
    ['recognition', 'measured'],
    [
      ['songs of the library aired (≥ 30 s, ended) / logged', `${aired} / ${recognised}`],
      ['plays invented / songs logged twice', `${invented.length} / ${repeated}`],
      ['songs of no library aired / logged as unknown', `${unknownAired} / ${unknownLogged}`],
      ['start beside the truth: median / p90 / max', seconds(verdict.startErrors)],
      ['end beside the truth: median / p90 / max', seconds(verdict.endErrors)],
      [
        'named after: median / max',
        `${fixed(quantile(verdict.naming, 0.5))} / ${fixed(quantile(verdict.naming, 1))} s (${verdict.naming.length} songs)`,
      ],
      ['audio heard / dropped', `${Math.round(measured.audioS)} / ${fixed(measured.droppedS)} s`],
      ['longest backlog', `${fixed(measured.backlogMaxS)} s`],
      [
        '`/api/metrics`: median / max',
        `${fixed(1000 * (measured.scrapes.median ?? Number.NaN), 0)} / ${fixed(1000 * measured.scrapes.max, 0)} ms`,
      ],
    ],
  );
}

/** Names of the main process's threads as Linux shows them, and what they do. */
const THREADS: Readonly<Record<string, string>> = {
  MainThread: 'event loop: HTTP in, decoders’ answers, plays',
  WorkerThread: 'recognition',
  V8Worker: 'garbage collection, compilation',
  'libuv-worker': 'files, DNS',
};

function cpu({ measured }: Run): string {
  const rows: string[][] = [];
  let own = 0;
  for (const kind of PROCESS_KINDS) {
    const ms = measured.cpu.get(kind) ?? 0;
    if (kind !== 'PostgreSQL') own += ms;
    if (ms === 0 && kind !== 'main') continue;
    rows.push([kind, fixed(ms, 2)]);
    if (kind !== 'main') continue;
    for (const [name, thread] of measured.threads) {
      rows.push([`— ${name}${THREADS[name] ? ` (${THREADS[name]})` : ''}`, fixed(thread, 2)]);
    }
  }
  const beyond = own - (measured.cpu.get('decoders') ?? 0);
  rows.push(['**the service’s own**', `**${fixed(own, 2)}**`]);
  rows.push([
    'the service’s own beyond the decoders',
    `${fixed(beyond, 2)} (${fixed(beyond / 10, 2)} % of a core per station)`,
  ]);
  return table(['CPU', 'ms per second of a station’s audio'], rows);
}

function memory({ measured }: Run): string {
  const { memory: samples } = measured;
  const three = [samples[0]!, samples[Math.floor(samples.length / 2)]!, samples.at(-1)!];
  const both = (kind: ProcessKind) =>
    three.map(({ rss, pss }) => `${megabytes(rss.get(kind))} (${megabytes(pss?.get(kind))})`);
  const rows = PROCESS_KINDS.filter((kind) => samples.some(({ rss }) => rss.get(kind)! > 0)).map((kind) => [
    kind,
    ...both(kind),
  ]);
  const own = three.map(
    ({ rss, pss }) => `**${megabytes(ownMemory(rss))}** (${megabytes(pss && ownMemory(pss))})`,
  );
  rows.push(['**the service’s own**', ...own]);
  rows.push([
    '**the same, files that several processes map counted once**',
    ...three.map(({ once }) => `**${megabytes(once)}**`),
  ]);
  rows.push(['`sodav_memory_usage_bytes` (with PostgreSQL)', ...three.map(({ said }) => megabytes(said))]);
  const slope =
    measured.memorySlope === undefined
      ? ''
      : `\n\nSlope of the service’s own RSS over the last two thirds: ${fixed(measured.memorySlope / 1e6)} MB per hour.`;
  return table(['memory: RSS (PSS)', 'start', 'middle', 'end'], rows) + slope;
}

/** The run as Markdown. */
export function report(run: Run): string {
  const { options, measured, command, at, complaints } = run;
  const machine = `${CORES} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}`;
  const others =
    measured.othersPercent === undefined
      ? ''
      : `, other programs ${fixed(measured.othersPercent, 0)} % of one core`;
  return [
    `### ${options.stations} stations, ${options.minutes} minutes, ${options.tracks} + ${options.syntheticTracks} tracks`,
    `\`${command}\``,
    `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC on ${machine}. Meanwhile the simulator used ${fixed(measured.simulatorPercent, 0)} %${others}; load average up to ${fixed(measured.loadMax)}.`,
    recognition(run),
    cpu(run),
    memory(run),
    complaints.length === 0
      ? 'The service logged no warning.'
      : `The service logged ${complaints.length} warnings, the first: “${complaints[0]!.split('\n')[0]}”.`,
  ].join('\n\n');
}

/** Replaces what this command wrote into a document before, or adds it at the end; the rest stays. */
export function replaceSection(path: string, command: string, text: string): void {
  const [begin, end] = [`<!-- ${command.replaceAll('--', '–')} -->`, '<!-- end of bench:live -->'];
  const section = `${begin}\n\n${text}\n\n${end}`;
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const from = before.indexOf(begin);
  const to = before.indexOf(end, from);
  const after =
    from < 0 || to < 0
      ? `${before.trimEnd()}\n\n${section}\n`
      : before.slice(0, from) + section + before.slice(to + end.length);
  writeFileSync(path, after.trimStart());
}
