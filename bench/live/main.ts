/** `npm run bench:live`: the real service, listening to simulated stations in real time, measured from outside. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { systemClock } from '../../src/clock';
import { connect } from '../../src/db/connect';
import { whenDatabaseIsThere } from '../../src/db/ready';
import { AnalyserPool } from '../../src/library/analyser/pool';
import { importSimulated } from '../../src/library/simulated';
import { LibraryStore } from '../../src/library/store';
import { type Simulator, startSimulator } from '../../src/simulator/client';
import { Measurement } from './measurement';
import { commandOf, type LiveOptions, parseOptions } from './options';
import { replaceSection, report } from './report';
import { Service } from './service';
import { addSynthetic } from './synthetic';
import { judge } from './verdict';

/** Nothing is measured before so much has been heard: connecting and the first searches are another matter, ms. */
const SETTLING_MS = 15_000;
const SAMPLE_MS = 10_000;
/** A song that ended later than this before the end may still be open in the log, ms. */
const CLOSING_MS = 30_000;

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Fills the service's database before it starts. Returns the titles of the tracks that can be aired, by number. */
async function fillLibrary(
  dataDir: string,
  options: LiveOptions,
  simulator: Simulator,
): Promise<Map<number, string>> {
  const log = pino({ level: 'silent' });
  const database = await connect({ databaseUrl: undefined, databasePool: 5, dataDir });
  const analyser = new AnalyserPool({ processes: 2 });
  try {
    const { knex } = database;
    await whenDatabaseIsThere(knex, { clock: systemClock, log, ending: new AbortController().signal });
    const library = new LibraryStore(knex);
    await importSimulated(await simulator.writeLibrary(join(dataDir, 'aired')), { library, analyser });
    const titles = new Map<number, string>();
    for (let page = 1; ; page++) {
      const { items } = await library.search({ page, pageSize: 100 });
      for (const { id, title } of items) titles.set(id, title);
      if (items.length < 100) break;
    }
    await addSynthetic(library, options.syntheticTracks, options.seed);
    return titles;
  } finally {
    await analyser.stop();
    await database.close();
  }
}

async function run(options: LiveOptions, folder: string, cleanUp: (() => Promise<void>)[]): Promise<string> {
  const dataDir = join(folder, 'data');
  say(`simulator: ${options.stations} stations, profile ${options.profile}`);
  const { stations: count, tracks, profile, seed } = options;
  const unknown = Math.max(2, Math.round(tracks / 2));
  const simulator = await startSimulator({ stations: count, tracks, unknown, profile, seed });
  cleanUp.push(() => simulator.stop());
  say(`library: ${tracks} simulated and ${options.syntheticTracks} synthetic tracks`);
  const titles = await fillLibrary(dataDir, options, simulator);
  const service = new Service(dataDir, options.port, join(folder, 'service.log'));
  cleanUp.push(() => service.stop());
  await service.ready();
  const names = new Map<number, string>();
  for (const { name, url } of await simulator.stations()) {
    names.set(await service.addStation({ name, url }), name);
  }
  for (const deadline = Date.now() + 120_000; ; await sleep(500)) {
    const listening = (await service.states()).get('listening') ?? 0;
    if (listening === count) break;
    if (Date.now() > deadline) throw new Error(`only ${listening} of ${count} stations are heard`);
  }
  say('all stations are heard');
  await sleep(SETTLING_MS);

  const from = Date.now();
  const end = from + options.minutes * 60_000;
  const measurement = new Measurement(service, simulator.pid);
  for (let next = from; ; next += SAMPLE_MS) {
    await sleep(Math.max(0, Math.min(next, end) - Date.now()));
    service.mustLive();
    say(await measurement.sample());
    if (Date.now() >= end - 100) break;
  }
  const to = Date.now();
  const { entries, now } = await simulator.truth();
  const mounts = new Map((await simulator.stations()).map(({ mount, name }) => [mount, name]));
  const truth = entries
    .filter(({ startedAt }) => startedAt < now)
    .map((entry) => ({ ...entry, station: mounts.get(entry.station) ?? entry.station }));
  const verdict = judge(truth, await service.plays(), service.namings(names, titles), {
    from,
    to: to - CLOSING_MS,
  });
  for (const { station, title, startedAt } of verdict.missed) {
    say(`missed: ${station}, ${title}, ${new Date(startedAt).toISOString()}`);
  }
  for (const play of verdict.invented) {
    say(`invented: ${play.station}, ${play.title}, ${new Date(play.startedAt).toISOString()}`);
  }
  return report({
    command: commandOf(options),
    options,
    at: new Date(from),
    verdict,
    measured: measurement.result(),
    complaints: service.complaints,
    load: loadavg(),
  });
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const folder = mkdtempSync(join(tmpdir(), 'sodav-live-'));
  // PostgreSQL has its own account when we are root.
  chmodSync(folder, 0o711);
  const cleanUp: (() => Promise<void>)[] = [];
  const tidy = async () => {
    for (const step of cleanUp.splice(0).reverse()) await step().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void tidy().then(() => process.exit(130)));
  }
  try {
    const text = await run(options, folder, cleanUp);
    process.stdout.write(`${text}\n`);
    if (options.report !== undefined) replaceSection(options.report, commandOf(options), text);
  } finally {
    await tidy();
  }
}

main().catch((error: Error) => {
  say(error.message);
  process.exit(1);
});
