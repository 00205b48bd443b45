/**
 * `npm run eval:plays`: simulated programmes (crossfades, talk-overs, unknown songs, other speeds, drop-outs, radio chain,
 * MP3) through the real tracker and segmenter, against what was really aired. No network; deterministic from `--seed`.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT, fromCallersFolder, runCommand } from '../../src/command';
import { AppError } from '../../src/errors';
import { DOUBTFUL } from '../../src/plays/segmenter';
import type { Play } from '../../src/plays/types';
import { fingerprintOf } from '../../src/recognition/local/fingerprint';
import { buildIndex } from '../../src/recognition/local/landmark-index';
import { referenceOf } from '../../src/recognition/local/reference';
import { AIR_RATE } from '../../src/simulator/air';
import { songsOf } from '../../src/simulator/files';
import { Programme } from '../../src/simulator/programme';
import { RecordedAudio } from '../../src/simulator/recorded-audio';
import { synthesisedRepertoire } from '../../src/simulator/repertoire';
import { PROFILE_SETTINGS } from '../../src/simulator/styles';
import { type TruthEntry, truthBetween } from '../../src/simulator/truth';
import { reliability, type Said } from './calibration';
import { writeSection } from './document';
import { type InventedPlay, judgeInvented } from './invented';
import { hear, ZERO_MS } from './programme';
import { Progress } from './progress';
import { reliabilityTable } from './report';
import { quantile } from './statistics';

const USAGE = `npm run eval:plays -- [--minutes 60] [--stations 2] [--seed 1] [--tracks 24] [--unknown 10]
  [--music <dossier> --unknown-music <dossier>] [--report docs/recognition.md]`;
/** What is heard for less long than this need not be found, seconds. */
const SHORTEST_S = 15;

function options() {
  const text = (value: string) => ({ type: 'string' as const, default: value });
  try {
    const { values } = parseArgs({
      options: {
        minutes: text('60'),
        stations: text('2'),
        seed: text('1'),
        tracks: text('24'),
        unknown: text('10'),
        music: { type: 'string' },
        'unknown-music': { type: 'string' },
        report: text('docs/recognition.md'),
      },
    });
    const number = (name: 'minutes' | 'stations' | 'seed' | 'tracks' | 'unknown') => {
      const value = Number(values[name]);
      if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} : nombre entier ≥ 1 attendu`);
      return value;
    };
    return {
      ms: number('minutes') * 60_000,
      stations: number('stations'),
      seed: number('seed'),
      tracks: number('tracks'),
      unknown: number('unknown'),
      music: values.music,
      unknownMusic: values['unknown-music'],
      report: resolve(fromCallersFolder(), values.report),
    };
  } catch (error) {
    throw new AppError('usage', 422, { fr: `${(error as Error).message}\n${USAGE}`, en: USAGE });
  }
}

/** Every third sample of a low-passed 24 kHz recording: what the recogniser's own resampler would give, nearly. */
function atEightKilohertz(samples: Int16Array): Int16Array {
  const taps = 31;
  const kernel = Array.from({ length: taps }, (_, i) => {
    const x = i - (taps - 1) / 2;
    const sinc = x === 0 ? 1 : Math.sin((Math.PI * x) / 3) / ((Math.PI * x) / 3);
    return (sinc * (0.54 + 0.46 * Math.cos((2 * Math.PI * x) / (taps - 1)))) / 3;
  });
  return Int16Array.from({ length: Math.floor((samples.length * 8_000) / AIR_RATE) }, (_, n) => {
    let sum = 0;
    for (let i = 0; i < taps; i++) sum += kernel[i]! * (samples[3 * n + i - (taps - 1) / 2] ?? 0);
    return Math.max(-32_768, Math.min(32_767, sum));
  });
}

/** Fainter than this (−80 dBFS) nothing sounds; a tail of more than so many seconds of that is none of the recording. */
const SILENT = 3;
const LONGEST_TAIL_S = 10;

/** What is aired of a recording ends with its last sound where its file goes on for long without: some do for a minute. */
function sounding(truth: TruthEntry, recording: Int16Array): TruthEntry {
  const lastS = (recording.findLastIndex((sample) => Math.abs(sample) > SILENT) + 1) / AIR_RATE;
  if (recording.length / AIR_RATE - lastS < LONGEST_TAIL_S) return truth;
  const soundsUntil = truth.startedAt + (1000 * (lastS - truth.offsetS)) / truth.speed;
  if (soundsUntil >= truth.endedAt) return truth;
  const unheard = truth.unheard
    .filter(({ from }) => from < soundsUntil)
    .map(({ from, to }) => ({ from, to: Math.min(to, soundsUntil) }));
  return { ...truth, endedAt: soundsUntil, unheard };
}

interface Found {
  readonly truth: TruthEntry;
  readonly heardS: number;
  readonly plays: readonly Play[];
}

const overlapS = (truth: TruthEntry, play: Play) =>
  (Math.min(truth.endedAt, play.endedAt) - Math.max(truth.startedAt, play.startedAt)) / 1000;

async function main(): Promise<number> {
  const asked = options();
  const settings = PROFILE_SETTINGS.eval;
  const { seed, tracks, unknown } = asked;
  const made = synthesisedRepertoire({ seed, tracks, unknown, ...settings });
  const folder = (path: string) => resolve(fromCallersFolder(), path);
  const known = asked.music ? songsOf(folder(asked.music), 'track') : [];
  const others = asked.unknownMusic ? songsOf(folder(asked.unknownMusic), 'unknown') : [];
  const repertoire = {
    tracks: known.length > 0 ? known : made.tracks,
    unknown: others.length > 0 ? others : made.unknown,
  };
  const audio = new RecordedAudio(seed, new Map([...known, ...others].map(({ key, path }) => [key, path])));
  const importing = new Progress('bibliothèque');
  const index = buildIndex(
    repertoire.tracks.map(({ key, durationMs }, i) => {
      importing.show(i / repertoire.tracks.length, key);
      return referenceOf(i + 1, fingerprintOf(atEightKilohertz(audio.get(key, durationMs))));
    }),
    1,
  );
  const lengthOf = new Map(
    [...repertoire.tracks, ...repertoire.unknown].map(({ key, durationMs }) => [key, durationMs]),
  );
  const recorded = (key: string) => audio.get(key, lengthOf.get(key)!);
  const ofTrack = (trackId: number) => atEightKilohertz(recorded(repertoire.tracks[trackId - 1]!.key));
  const idOf = new Map(repertoire.tracks.map(({ key }, i) => [key, i + 1]));

  const found: Found[] = [];
  const invented: InventedPlay[] = [];
  const said: Said[] = [];
  const withdrawn: Said[] = [];
  const namedAfterS: number[] = [];
  const listening = new Progress('programmes');
  for (let station = 0; station < asked.stations; station++) {
    listening.show(station / asked.stations, `station ${station + 1}`);
    const programme = new Programme(seed, `evaluation-${station}`, repertoire, settings.style);
    const { plays, named, withdrawn: takenBack } = hear(programme, audio, asked.ms, index);
    const truths = truthBetween(programme, ZERO_MS, ZERO_MS, ZERO_MS + asked.ms, [])
      .filter(
        ({ kind, startedAt, endedAt }) =>
          kind === 'track' && startedAt >= ZERO_MS && endedAt <= ZERO_MS + asked.ms,
      )
      .map((truth) => sounding(truth, recorded(truth.key)));
    const songs = plays.filter(({ kind }) => kind === 'track');
    const used = new Set<Play>();
    for (const truth of truths) {
      const trackId = idOf.get(truth.key)!;
      const matching = songs.filter((play) => play.trackId === trackId && overlapS(truth, play) > 2);
      for (const play of matching) used.add(play);
      const lostS = truth.unheard.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0);
      const heardS = (truth.endedAt - truth.startedAt) / 1000 - lostS;
      if (heardS < SHORTEST_S) continue;
      found.push({ truth, heardS, plays: matching });
      const first = named.find(
        (line) => line.trackId === trackId && Math.abs(ZERO_MS + line.startMs - truth.startedAt) < 30_000,
      );
      if (first && truth.unheard.length === 0)
        namedAfterS.push((ZERO_MS + first.atMs - truth.startedAt) / 1000);
    }
    for (const play of takenBack) {
      const right = truths.some((truth) => idOf.get(truth.key) === play.trackId && overlapS(truth, play) > 2);
      withdrawn.push({ said: play.confidence!, right });
    }
    const whole = songs.filter(({ endedAt }) => endedAt < ZERO_MS + asked.ms - 1000);
    for (const play of whole) said.push({ said: play.confidence ?? 0, right: used.has(play) });
    const aired = truthBetween(programme, ZERO_MS, ZERO_MS, ZERO_MS + asked.ms, []).filter(
      ({ kind }) => kind === 'track' || kind === 'unknown',
    );
    for (const play of whole.filter((play) => !used.has(play))) {
      invented.push(
        judgeInvented(play, aired, { of: ({ key }) => atEightKilohertz(recorded(key)), ofTrack }),
      );
    }
  }
  const text = reportOf(asked, repertoire, known.length > 0, found, invented, said, withdrawn, namedAfterS);
  writeSection(asked.report, 'plays', 'Plays', text);
  process.stdout.write(`${text}\n`);
  return EXIT.ok;
}

function reportOf(
  asked: ReturnType<typeof options>,
  repertoire: {
    readonly tracks: readonly { readonly title: string }[];
    readonly unknown: readonly unknown[];
  },
  real: boolean,
  found: readonly Found[],
  invented: readonly InventedPlay[],
  said: readonly Said[],
  withdrawn: readonly Said[],
  namedAfterS: readonly number[],
): string {
  const hits = found.filter(({ plays }) => plays.length > 0);
  // Where the stream was lost at an edge, nobody can know it.
  const clear = (truth: TruthEntry, at: number) =>
    truth.unheard.every(({ from, to }) => at < from - 500 || at > to + 500);
  const starts = hits
    .filter(({ truth }) => clear(truth, truth.startedAt))
    .map(({ truth, plays }) => (Math.min(...plays.map((p) => p.startedAt)) - truth.startedAt) / 1000);
  const ends = hits
    .filter(({ truth }) => clear(truth, truth.endedAt))
    .map(({ truth, plays }) => (Math.max(...plays.map((p) => p.endedAt)) - truth.endedAt) / 1000);
  const unbroken = hits.filter(({ truth }) => truth.unheard.length === 0);
  const truly = unbroken.reduce((sum, { heardS }) => sum + heardS, 0);
  const toldS = unbroken.reduce(
    (sum, { plays }) => sum + plays.reduce((s, p) => s + (p.endedAt - p.startedAt) / 1000, 0),
    0,
  );
  const s = (value: number | undefined) => (value === undefined ? '–' : `${value.toFixed(2)} s`);
  const sizes = (list: readonly number[]) => {
    const absolute = list.map(Math.abs);
    return `${s(quantile(absolute, 0.5))} / ${s(quantile(absolute, 0.9))}`;
  };
  const rows = [
    ['known songs aired (≥ 15 s heard)', String(found.length)],
    ['found', String(hits.length)],
    ['missed', String(found.length - hits.length)],
    ['found, but in several plays', String(hits.filter(({ plays }) => plays.length > 1).length)],
    ['invented', String(invented.filter(({ shared }) => !shared).length)],
    [
      'of another recording that has the same sound there',
      String(invented.filter(({ shared }) => shared).length),
    ],
    [
      `said while it sounded, withdrawn when over (believed less than ${DOUBTFUL}); of them right`,
      `${withdrawn.length}; ${withdrawn.filter(({ right }) => right).length}`,
    ],
    ['start error, median / p90', sizes(starts)],
    ['end error, median / p90', sizes(ends)],
    ['total duration, said ÷ aired − 1', `${(100 * (toldS / truly - 1)).toFixed(2)} %`],
    ['named after, median / p90', `${s(quantile(namedAfterS, 0.5))} / ${s(quantile(namedAfterS, 0.9))}`],
  ];
  return [
    `${asked.stations} stations of ${asked.ms / 60_000} minutes, seed ${asked.seed}; ${repertoire.tracks.length} known and ${repertoire.unknown.length} unknown recordings (${real ? 'real music' : 'synthesised'}); the simulator's profile \`eval\`: crossfades, talk-overs, excerpts, jingles, speech, speeds of ±1.5 and +3 %, drop-outs, radio chain, MP3.`,
    ['| measure | value |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'),
    ...(invented.length > 0
      ? [
          invented
            .map(({ play, instead, shared }) => {
              const heardS = (play.endedAt - play.startedAt) / 1000;
              const z = play.evidence.bestZ?.toFixed(1) ?? '–';
              return `- ${shared ? 'same sound' : 'invented'}: ${instead?.title ?? 'nothing'} was taken for ${repertoire.tracks[play.trackId! - 1]!.title} for ${heardS.toFixed(0)} s (z ${z}, ${play.evidence.windows ?? 0} windows, confidence ${play.confidence?.toFixed(3) ?? '–'})`;
            })
            .join('\n'),
        ]
      : []),
    'Of the plays with such a confidence when they had ended, the withdrawn ones among them, so many were of the recording that was aired; those of another one that has the same sound count as wrong:',
    reliabilityTable('plays', reliability([...said, ...withdrawn])),
  ].join('\n\n');
}

void runCommand(main);
