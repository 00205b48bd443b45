/**
 * `npm run eval:recognition -- --library <folder> --unknown <folder>`: how much of degraded audio the recogniser names,
 * and what it invents on audio that the library does not hold. Deterministic from `--seed`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, fromCallersFolder, runCommand } from '../../src/command';
import { AppError } from '../../src/errors';
import { buildIndex } from '../../src/recognition/local/landmark-index';
import { CERTAIN, LIKELY, LIKELY_AT_OTHER_SPEED, LIKELY_STRETCHED } from '../../src/recognition/local/verify';
import { Random } from '../../src/simulator/random';
import { syntheticTracks } from '../live/synthetic';
import { asSaid, fitted, type Judged, reliability } from './calibration';
import { barChart } from './chart';
import { degrade, type Query } from './conditions';
import { type Degradation, degradations } from './degradations';
import { writeSection } from './document';
import { Excerpts } from './excerpts';
import { isInstalled, requireFfmpeg } from './ffmpeg';
import { audioFiles, readSongs, type Song, withoutShared } from './material';
import { Chromaprint, CommandPeer, type Peer } from './peers';
import { Progress } from './progress';
import { Recogniser } from './recognise';
import { type Row, reportOf } from './report';
import { sharesAudio } from './shared';
import { someSpeech } from './speech';
import { listenToStrangers } from './unknown';

const LENGTHS_S = [3, 5, 10, 20] as const;
const NEGATIVES_PER_SONG = 6;

const USAGE = `npm run eval:recognition -- --library <dossier> --unknown <dossier>
  [--queries 40] [--seed 1] [--only "nom;nom"] [--exclude partie,partie] [--report docs/recognition.md]
  [--synthetic 0] [--unknown-hours 2] [--peer "nom=commande"] (répétable) [--without-peers]`;

interface Judgement {
  readonly rows: Row[];
  readonly judged: Judged[];
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        library: { type: 'string' },
        unknown: { type: 'string' },
        queries: { type: 'string', default: '40' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
        exclude: { type: 'string', default: '' },
        report: { type: 'string', default: 'docs/recognition.md' },
        peer: { type: 'string', multiple: true, default: [] },
        'without-peers': { type: 'boolean', default: false },
        synthetic: { type: 'string', default: '0' },
        'unknown-hours': { type: 'string', default: '2' },
      },
    });
    const { library, unknown } = values;
    const [queries, seed] = [Number(values.queries), Number(values.seed)];
    if (library === undefined || unknown === undefined || !(queries >= 2) || !Number.isInteger(seed)) {
      throw new Error('--library et --unknown sont nécessaires');
    }
    const synthetic = Number(values.synthetic);
    const unknownHours = Number(values['unknown-hours']);
    if (!Number.isInteger(synthetic) || synthetic < 0) throw new Error('--synthetic : nombre entier ≥ 0');
    if (!(unknownHours > 0)) throw new Error('--unknown-hours : nombre > 0');
    const odd = values.peer.find((peer) => !/^[^=]+=.*\S/.test(peer));
    if (odd !== undefined) throw new Error(`--peer attend "nom=commande", pas "${odd}"`);
    const at = (path: string) => resolve(fromCallersFolder(), path);
    const exclude = values.exclude.split(',').filter((part) => part !== '');
    return {
      ...values,
      library: at(library),
      unknown: at(unknown),
      report: at(values.report),
      queries,
      seed,
      exclude,
      synthetic,
      unknownHours,
    };
  } catch (error) {
    const phrase = { fr: `${(error as Error).message}\n${USAGE}`, en: USAGE };
    throw new AppError('usage', 422, phrase);
  }
}

async function main(): Promise<number> {
  const asked = options();
  requireFfmpeg();
  const folder = mkdtempSync(join(tmpdir(), 'sodav-evaluation-'));
  try {
    evaluate(asked, folder);
    return EXIT.ok;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function evaluate(asked: ReturnType<typeof options>, folder: string): void {
  const known = readSongs(audioFiles(asked.library, asked.exclude), 0, new Progress('bibliothèque'));
  const others = readSongs(audioFiles(asked.unknown, asked.exclude), known.length, new Progress('inconnus'));
  const { library, unknown, dropped } = withoutShared(known, others, new Progress('doublons'));
  const references = library.map(({ reference }) => reference);
  const index = buildIndex([...references, ...syntheticTracks(asked.synthetic, asked.seed)], 1);
  const speech = someSpeech(folder);
  const excerpts = new Excerpts(library, asked.queries, asked.seed, speech.samples, new Progress('extraits'));
  const recogniser = new Recogniser(index);
  const peers: Peer[] = [];
  if (!asked['without-peers']) {
    if (isInstalled('fpcalc')) peers.push(new Chromaprint(library, folder));
    for (const peer of asked.peer) {
      const [name, ...command] = peer.split('=');
      peers.push(new CommandPeer(name!, command.join('='), library, folder));
    }
  }

  const { windows, judged: negatives, shared } = askStrangers(unknown, library, recogniser, asked.seed);
  const peerThresholds = peers.map((peer) =>
    LENGTHS_S.map((s) => peer.ask(windows, s).reduce((top, answer) => Math.max(top, answer?.score ?? 0), 0)),
  );
  const only = asked.only?.split(';');
  const list = degradations().filter(({ name }) => only === undefined || only.includes(name));
  const { rows, judged } = judge(list, excerpts, recogniser, peers, peerThresholds, folder);
  const speech8k = Int16Array.from({ length: Math.floor(speech.samples.length / 5.5125) }, (_, i) => {
    const at = Math.floor(i * 5.5125);
    // A mean of the samples in between: enough of a low pass for speech.
    let sum = 0;
    for (let k = 0; k < 5; k++) sum += speech.samples[at + k] ?? 0;
    return sum / 5;
  });
  const strangers = listenToStrangers(
    unknown,
    library,
    speech8k,
    index,
    { seed: asked.seed, hours: asked.unknownHours },
    new Progress('audio inconnu'),
  );

  // Every other one fits the curve; the rest judges the program's own constants.
  const half = (rest: number) => [...judged, ...negatives].filter((_, i) => i % 2 === rest);
  const chart = join(dirname(asked.report), 'images', `${basename(asked.report, '.md')}.svg`);
  const ten = LENGTHS_S.indexOf(10);
  writeSection(
    asked.report,
    'evaluation',
    'Evaluation',
    reportOf({
      seed: asked.seed,
      library: extent(library),
      synthetic: asked.synthetic,
      unknown: extent(unknown),
      dropped: [...dropped, ...asked.exclude.map((part) => `${part} (--exclude)`)],
      speech: speech.source,
      lengthsS: LENGTHS_S,
      thresholds: {
        certain: CERTAIN,
        likely: LIKELY,
        otherSpeed: LIKELY_AT_OTHER_SPEED,
        stretched: LIKELY_STRETCHED,
      },
      peers: peers.map(({ name }, i) => ({ name, thresholds: peerThresholds[i]! })),
      rows,
      negatives: {
        windows: windows.length,
        shared,
        over: negatives.filter(({ z }) => z >= LIKELY).length,
        highest: Math.max(0, ...negatives.map(({ z }) => z)),
      },
      strangers,
      trackName: (id) => library.find(({ reference }) => reference.trackId === id)?.name ?? String(id),
      curve: fitted(half(0)),
      bins: reliability(asSaid(half(1))),
      chart: `images/${basename(chart)}`,
    }),
  );
  mkdirSync(dirname(chart), { recursive: true });
  writeFileSync(
    chart,
    barChart({
      title: 'Recall of 10 s queries',
      series: [
        { name: 'SODAV Monitor', colour: '#1b6ca8' },
        ...peers.map(({ name }, i) => ({ name, colour: ['#e07b39', '#6a9955', '#999999'][i % 3]! })),
      ],
      rows: rows.map((row) => ({
        name: row.name,
        values: [row.found[ten]! / row.queries, ...row.peers.map((found) => found[ten]! / row.queries)],
      })),
    }),
  );
  process.stderr.write(`rapport : ${asked.report}\n`);
}

const extent = (songs: readonly Song[]) => ({
  tracks: songs.length,
  hours: songs.reduce((sum, { reference }) => sum + reference.durationS, 0) / 3600,
});

/** Windows of unknown music, with the best wrong answer to each; those that share a sound with the library left out. */
function askStrangers(
  unknown: readonly Song[],
  library: readonly Song[],
  recogniser: Recogniser,
  seed: number,
) {
  const progress = new Progress('fenêtres inconnues');
  const random = new Random(seed, 'negatives');
  const windows: Int16Array[] = [];
  const judged: Judged[] = [];
  let shared = 0;
  for (const [i, { samples }] of unknown.entries()) {
    for (let k = 0; k < NEGATIVES_PER_SONG && samples.length > 21 * 8000; k++) {
      progress.show(i / unknown.length, '');
      const from = Math.floor(random.next() * (samples.length - 20 * 8000));
      const window = samples.subarray(from, from + 20 * 8000);
      const answer = recogniser.ask(window, 10);
      const other = library.find(({ reference }) => reference.trackId === answer?.trackId);
      if (answer?.likely && other && contains(window, other, answer.fromS)) shared++;
      else {
        windows.push(window);
        judged.push({ z: answer?.z ?? 0, right: false });
      }
    }
  }
  return { windows, judged, shared };
}

/** Does the known song really contain a part of the window's first 10 s? Asked for each two seconds and for all. */
function contains(window: Int16Array, { samples }: Song, fromS: number): boolean {
  return [1, 3, 5, 7, 9].some((atS) =>
    sharesAudio(window, samples, { a: atS, b: fromS + atS }, atS === 5 ? 8 : 2),
  );
}

function judge(
  list: readonly Degradation[],
  excerpts: Excerpts,
  recogniser: Recogniser,
  peers: readonly Peer[],
  thresholds: readonly (readonly number[])[],
  folder: string,
): Judgement {
  const progress = new Progress('dégradations');
  const judged: Judged[] = [];
  const rows: Row[] = [];
  for (const [d, degradation] of list.entries()) {
    const queries = degrade(degradation, excerpts, folder);
    const found = LENGTHS_S.map(() => 0);
    const wrong = LENGTHS_S.map(() => 0);
    let atOnce = 0;
    const offsetErrorsS: number[] = [];
    for (const [k, { excerpt, samples }] of queries.entries()) {
      progress.show((d + k / queries.length) / list.length, degradation.name);
      for (const [i, seconds] of LENGTHS_S.entries()) {
        // Where two songs sound, both are right, and the one asked for must be among the answers.
        const other =
          degradation.material && queries[(k + 1) % queries.length]!.excerpt.song.reference.trackId;
        const answers =
          other === undefined ? [recogniser.ask(samples, seconds)] : recogniser.askAll(samples, seconds);
        const asked = excerpt.song.reference.trackId;
        const answer =
          answers.find((one) => one?.trackId === asked) ?? answers.find((one) => one?.trackId !== other);
        const right = answer?.trackId === asked;
        if (seconds <= 10 && answer) judged.push({ z: answer.z, right });
        if (!answer?.likely) continue;
        if (right) found[i]!++;
        else wrong[i]!++;
        if (right && seconds === 10) {
          if (answer.z >= CERTAIN) atOnce++;
          if (degradation.material !== 'intro') offsetErrorsS.push(answer.fromS - excerpt.fromS);
        }
      }
    }
    rows.push({
      name: degradation.name,
      queries: queries.length,
      found,
      wrong,
      atOnce,
      offsetErrorsS,
      peers: peers.map((peer, p) => LENGTHS_S.map((s, i) => foundBy(peer, queries, s, thresholds[p]![i]!))),
    });
    progress.say(
      `${degradation.name} : ${found.map((n) => Math.round((100 * n) / queries.length)).join(' / ')} %`,
    );
  }
  return { rows, judged };
}

function foundBy(peer: Peer, queries: readonly Query[], seconds: number, threshold: number): number {
  const answers = peer.ask(
    queries.map(({ samples }) => samples),
    seconds,
  );
  return answers.filter(
    (answer, k) => answer && answer.score > threshold && answer.name === queries[k]!.excerpt.song.name,
  ).length;
}

void runCommand(main);
