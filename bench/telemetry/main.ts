/**
 * `npm run bench:telemetry [-- --rounds 15] [-- --requests 1000000]`: what observing costs. The same Koa service bare,
 * with prom-client's usual middleware, with this service's telemetry, and with stock auto-instrumentation, in interleaved
 * rounds of one run, so that what else the machine does hits all alike. Figures are ratios to the bare one.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from './load';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, requests: { type: 'string', default: '0' } },
});
const ROUNDS = Number(values.rounds);
const MEASURE_MS = 600;
const WARM_MS = 150;

const dist = join(__dirname, '..', '..');
const VARIANTS = {
  bare: [],
  'prom-client': [],
  sodav: ['--require', join(dist, 'otel/bootstrap.js')],
  stock: ['--require', join(__dirname, 'stock.js')],
} as const;
type Variant = keyof typeof VARIANTS;
const names = Object.keys(VARIANTS) as Variant[];

interface Service {
  readonly child: ChildProcess;
  readonly port: number;
  requests: number;
  heapBefore: number;
}

async function start(variant: Variant): Promise<Service> {
  const args = ['--expose-gc', ...VARIANTS[variant], join(__dirname, 'server.js'), variant];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const [line] = await once(child.stdout!, 'data');
  return { child, port: Number(/port (\d+)/.exec(String(line))![1]), requests: 0, heapBefore: 0 };
}

/** CPU seconds that a process has used; NaN where there is no /proc. */
function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

async function heap(service: Service): Promise<number> {
  const answer = once(service.child, 'message');
  service.child.send('heap');
  const [usage] = (await answer) as [NodeJS.MemoryUsage];
  return usage.heapUsed / 1e6;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

interface Round {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function measure(service: Service): Promise<Round> {
  service.requests += await load(service.port, '/tracks/7', WARM_MS);
  const before = cpuSeconds(service.child.pid!);
  const answered = await load(service.port, '/tracks/7', MEASURE_MS);
  service.requests += answered;
  const cpu = cpuSeconds(service.child.pid!) - before;
  return { perSecond: (answered * 1000) / MEASURE_MS, cpuMicros: (cpu * 1e6) / answered };
}

function renderMs(variant: 'prom-client' | 'sodav', lines: number): number {
  const args = [...VARIANTS[variant], join(__dirname, 'render.js'), variant, String(lines)];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

async function main(): Promise<void> {
  const services = new Map<Variant, Service>();
  for (const name of names) services.set(name, await start(name));
  for (const service of services.values()) {
    service.requests += await load(service.port, '/tracks/7', 2_000);
    service.heapBefore = await heap(service);
  }
  const rounds = new Map<Variant, Round[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 ? [...names].reverse() : names;
    for (const name of order) rounds.get(name)!.push(await measure(services.get(name)!));
  }
  const wanted = Number(values.requests);
  for (const service of services.values()) {
    while (service.requests < wanted) service.requests += await load(service.port, '/tracks/7', 2_000);
  }

  const bare = rounds.get('bare')!;
  const figure = (n: number, digits: number) => (Number.isFinite(n) ? n.toFixed(digits) : '–');
  console.log(
    `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${ROUNDS} rounds\n`,
  );
  console.log(
    '| variant | throughput ÷ bare, median (range) | the same from CPU time | requests/s | added CPU per request, µs | heap growth, MB (requests) |',
  );
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const name of names) {
    const service = services.get(name)!;
    const mine = rounds.get(name)!;
    const ratios = mine.map((round, i) => round.perSecond / bare[i]!.perSecond);
    // What a core could answer at most: independent of how much of a core the machine left to each.
    const capacity = mine.map((round, i) => bare[i]!.cpuMicros / round.cpuMicros);
    const added = mine.map((round, i) => round.cpuMicros - bare[i]!.cpuMicros);
    const range = `${figure(Math.min(...ratios), 2)}–${figure(Math.max(...ratios), 2)}`;
    const grown = (await heap(service)) - service.heapBefore;
    console.log(
      `| ${name} | ${figure(median(ratios), 2)} (${range}) | ${figure(median(capacity), 2)} | ${figure(median(mine.map((r) => r.perSecond)), 0)} | ${figure(median(added), 1)} | ${figure(grown, 1)} (${service.requests}) |`,
    );
  }
  console.log('\n| scrape, ms | 1,000 lines | 10,000 lines |\n| --- | --- | --- |');
  for (const name of ['prom-client', 'sodav'] as const) {
    const best = (lines: number) => Math.min(...[1, 2, 3].map(() => renderMs(name, lines)));
    console.log(`| ${name} | ${best(1_000)} | ${best(10_000)} |`);
  }
  for (const { child } of services.values()) child.disconnect();
}

void main();
