/** The composition root: builds, wires, starts and stops everything. Nobody imports this file. */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { observeQueries } from '../otel/db/observe-queries';
import { instruments } from '../otel/metrics/instruments';
import { followHelperProcesses, registerHelperProcess } from '../otel/processes';
import { shutdownTelemetry } from '../otel/telemetry';
import { DecoderPool } from './capture/decoder/pool';
import { clockAtRate } from './clock';
import { EXIT, explain } from './command';
import { type Config, loadConfig } from './config/config';
import { connect } from './db/connect';
import { whenDatabaseIsThere } from './db/ready';
import { createApp } from './http/app';
import { decodersRun, libraryIsLoaded } from './http/checks';
import { listen } from './http/listen';
import { ensureToken } from './http/tokens';
import { AnalyserPool } from './library/analyser/pool';
import { observeLibrary } from './library/collector';
import { duplicatesOf } from './library/duplicates/recogniser-finder';
import { feedRecogniser } from './library/feed';
import { Importer } from './library/importer';
import { loadLibrary } from './library/load';
import { importSimulated } from './library/simulated';
import { LibraryStore } from './library/store';
import { type Life, live } from './life';
import { createLogger, type Logger } from './log';
import { Announcer } from './plays/announcer';
import { observeJournal } from './plays/journal-metrics';
import { PlayLog } from './plays/log';
import { nameUnknown } from './plays/naming';
import { PlayPipeline } from './plays/pipeline';
import { PlayStore } from './plays/store';
import { UnknownAudio } from './plays/unknown';
import { UnknownStore } from './plays/unknown-store';
import { FINGERPRINT_VERSION } from './recognition/local/params';
import { LocalRecognizer } from './recognition/local/recognizer';
import { ShortSounds } from './recognition/local/short-sounds';
import { countLocalAttempt, observeRecognition } from './recognition/metrics';
import { type Outside, outsideServices } from './recognition/outside';
import { type Simulator, startSimulator } from './simulator/client';
import { followStations } from './stations/follow';
import { ListeningRight } from './stations/listening-right';
import { stationMetrics } from './stations/metrics';
import { StationStateLog } from './stations/state-log';
import { StationStore } from './stations/store';
import { Supervisor } from './stations/supervisor';

async function run(config: Config, log: Logger, { stoppers, ending, leave }: Life): Promise<void> {
  // One moment at which all clocks of this run agree, the simulator's too.
  const anchor = config.clock.origin || Date.now();
  const clock = clockAtRate(config.clock.rate, anchor);
  mkdirSync(config.dataDir, { recursive: true });
  stoppers.add('télémétrie', shutdownTelemetry);

  // It needs some seconds to synthesise its tracks: they pass while the database starts.
  const simulating = config.demo
    ? startSimulator({ rate: config.clock.rate, origin: anchor, writeLibrary: join(config.dataDir, 'demo') })
    : undefined;
  simulating?.catch(() => undefined);
  stoppers.add('simulateur', async () => (await simulating?.catch(() => undefined))?.stop());

  const database = await connect(config);
  const { knex } = database;
  observeQueries(knex);
  if (database.pid !== undefined) registerHelperProcess(database.pid);
  stoppers.add('base de données', () => database.close());

  const decoders = new DecoderPool({
    processes: config.decoderProcesses,
    log,
    clock,
  });
  stoppers.add('décodeurs', () => decoders.stop());
  const analyser = new AnalyserPool({ processes: availableParallelism() });
  stoppers.add('lecture de fichiers', () => analyser.stop());
  stoppers.add(
    'comptage des processus',
    followHelperProcesses(() => [...decoders.pids(), ...analyser.pids()]),
  );

  const stations = new StationStore(knex, clock);
  const library = new LibraryStore(knex);
  const playStore = new PlayStore(knex);
  const unknownStore = new UnknownStore(knex);
  let libraryReady = false;

  const recognizer: LocalRecognizer = new LocalRecognizer({
    threads: config.recognitionThreads,
    log,
    onReport(report) {
      announcer.report(report);
      pipeline.report(report);
    },
    onAttempt: countLocalAttempt,
    onDropped: (seconds, reason) => instruments.audioDropped.add(seconds, { reason }),
    onDrained: (sessionId) => pipeline.drained(sessionId),
  });
  const importer = new Importer({
    store: library,
    analyser,
    version: FINGERPRINT_VERSION,
    log,
    duplicates: duplicatesOf(recognizer),
  });

  const supervisorRef: { current?: Supervisor } = {};
  const app = createApp({
    knex,
    clock,
    log,
    settings: {
      host: config.host,
      uploadDir: join(config.dataDir, 'uploads'),
      links: config.links,
      alertsToken: config.alertsToken,
      metricsTokenFile: config.metricsTokenFile,
      demo: config.demo,
    },
    stations,
    listening: {
      apply: (station) => supervisorRef.current?.apply(station),
      remove: (id) => supervisorRef.current?.remove(id),
      status: (id) => supervisorRef.current?.status(id),
    },
    library: {
      search: (query) => library.search(query),
      get: (id) => library.get(id),
      delete: (id) => library.delete(id),
      importFile: (path, options) => importer.importFile(path, options),
    },
    plays: playStore,
    checks: [decodersRun(() => decoders.pids()), libraryIsLoaded(() => libraryReady)],
  });
  const server = await listen(app, config);
  stoppers.add('HTTP', () => server.close());
  log.info(`SODAV Monitor répond sur ${server.url} (métriques : ${server.url}/api/metrics)`);

  await whenDatabaseIsThere(knex, { clock, log, ending });
  const tokenFile = await ensureToken({ knex, dataDir: config.dataDir, log });

  stoppers.add('reconnaissance', () => recognizer.stop());
  observeLibrary(library);
  stationMetrics({
    supervisor: {
      stations: () => supervisorRef.current?.stations() ?? [],
      statuses: () => supervisorRef.current?.statuses() ?? new Map(),
    },
    clock,
    lastDetectionAt: (id) => pipeline.lastDetectionAt(id),
  });
  const references = await loadLibrary(library, recognizer, log);
  libraryReady = true;
  stoppers.add(
    'suivi de la bibliothèque',
    feedRecogniser({
      ...{ knex, store: library, recogniser: recognizer, version: FINGERPRINT_VERSION, clock, log },
      known: references,
    }),
  );

  // Of several copies of the service on one database, one listens and writes plays; the others stop here for now.
  const right = new ListeningRight({ knex, clock, log, onLost: leave });
  stoppers.add("droit d'écoute", () => right.release());
  await right.obtained(ending);

  const playLog = await PlayLog.open({
    folder: join(config.dataDir, 'journal'),
    store: playStore,
    maxBytes: config.journalDiskBytes,
    log,
    clock,
  });
  stoppers.add('journal des diffusions', async () => {
    await Promise.race([playLog.flushed(), new Promise((resolve) => setTimeout(resolve, 5_000))]);
    await playLog.stop();
  });
  observeJournal(playLog);

  const outside: Outside = outsideServices({
    sql: knex,
    log,
    acoustid: config.acoustid,
    audd: config.audd,
    async onIdentified({ playId, outcome }) {
      await nameUnknown(
        {
          log,
          identified: (identification, method, heard) => library.identified(identification, method, heard),
          fingerprint: (id) => unknownStore.fingerprint(id),
          playIdentified: (...named) => pipeline.identified(...named),
        },
        playId,
        outcome,
      );
      await unknown.release(playId);
    },
    onUnknown: ({ playId, answered }) => unknown.release(playId, answered ? undefined : 'no_answer'),
    kept: () => unknown.kept(),
    release: (playId) => unknown.release(playId),
  });
  const unknown: UnknownAudio = await UnknownAudio.open({
    folder: join(config.dataDir, 'unknown'),
    maxBytes: config.unknownDiskBytes,
    store: unknownStore,
    clock,
    log,
    fingerprint: (samples) => recognizer.fingerprint(samples),
    isWaiting: (playId) => playLog.latest(playId) !== undefined,
    // AcoustID compares whole plays, and AudD is paid for: both wait for the play's end.
    onUnknown: ({ status }) => {
      if (status !== 'open') outside.look();
    },
  });

  const pipeline: PlayPipeline = new PlayPipeline({
    recognizer,
    plays: playLog,
    store: playStore,
    clock,
    log,
    unknown,
    shortSounds: new ShortSounds(),
  });
  const stateLog = new StationStateLog({ store: stations, clock, log });
  stoppers.add('états des stations', () => stateLog.stop());
  const supervisor = new Supervisor({
    decoders,
    sink: pipeline,
    clock,
    log,
    onState: (id, { state, reason, since }) => stateLog.record(id, state, reason, since),
  });
  const announcer = new Announcer({
    log,
    stationName: (id) => supervisor.stations().find((station) => station.id === id)?.name,
    track: (id) => library.get(id),
  });
  stoppers.add('services extérieurs', () => outside.stop());
  stoppers.add('stations', () => supervisor.stop());
  stoppers.add('diffusions', () => pipeline.stop());

  observeRecognition({ recognizer, stages: outside.stages, budget: outside.budget });

  await pipeline.resume();
  await unknown.recover();
  await outside.start();

  const simulator = await simulating;
  if (simulator) await demonstrate(simulator, config, { stations, library, analyser, log });
  else await withoutSimulation(stations);
  supervisorRef.current = supervisor;
  stoppers.add(
    'suivi des stations',
    await followStations({ knex, clock, log, store: stations, supervisor, stateLog }),
  );

  if (simulator) log.info('Mode DÉMONSTRATION : trois stations simulées, aucune vraie radio n’est écoutée.');
  log.info(
    `À voir : ${server.url}/ (page), ${server.url}/api/plays (diffusions), ${server.url}/api/metrics (métriques)`,
  );
  if (tokenFile) log.info(`Jeton d'API pour les modifications : ${tokenFile}`);
}

/** Takes the simulator's tracks and stations in. */
async function demonstrate(
  simulator: Simulator,
  config: Config,
  rooms: {
    readonly stations: StationStore;
    readonly library: LibraryStore;
    readonly analyser: AnalyserPool;
    readonly log: Logger;
  },
): Promise<void> {
  const { stations, library, analyser, log } = rooms;
  const folder = join(config.dataDir, 'demo');
  const files = (await simulator.library()).map(({ key }) => join(folder, `${key}.flac`));
  await importSimulated(files, { library, analyser });
  const air = await simulator.stations();
  await stations.upsert(air.map(({ name, url }) => ({ name, url, paused: false, simulated: true })));
  log.info({ tracks: files.length, stations: air.length }, 'Simulateur prêt (tout y est synthétisé)');
}

/** Simulated stations of an earlier demonstration are not listened to any more; their plays stay. */
async function withoutSimulation(stations: StationStore): Promise<void> {
  for (const station of await stations.list()) if (station.simulated) await stations.remove(station.id);
}

function main(): void {
  let config: Config;
  try {
    config = loadConfig(process.env);
  } catch (error) {
    console.error(explain(error));
    process.exit(EXIT.failed);
  }
  const log = createLogger(config.log);
  void live(log, (life) => run(config, log, life));
}

main();
