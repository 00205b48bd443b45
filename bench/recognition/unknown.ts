import type { LandmarkIndex } from '../../src/recognition/local/landmark-index';
import { PeakMap } from '../../src/recognition/local/query';
import { Searcher } from '../../src/recognition/local/search';
import { MAP_FRAMES, SessionTracker } from '../../src/recognition/local/tracker';
import type { TrackLine } from '../../src/recognition/types';
import { Random } from '../../src/simulator/random';
import type { Song } from './material';
import type { Progress } from './progress';
import { sharesAudio } from './shared';

export interface Invented {
  readonly on: string;
  readonly line: TrackLine;
}

/** Audio that the library does not hold, and what the tracker made of it. */
export interface Strangers {
  readonly kind: string;
  readonly hours: number;
  /** Lines on a stretch that both recordings share, sample for sample; and all others. */
  readonly shared: readonly Invented[];
  readonly invented: readonly Invented[];
}

/** Plays everything unknown through the real tracker, a session per piece. */
export function listenToStrangers(
  unknown: readonly Song[],
  library: readonly Song[],
  speech: Int16Array,
  index: LandmarkIndex,
  seed: number,
  progress: Progress,
): Strangers[] {
  const random = new Random(seed, 'strangers');
  const noise = Int16Array.from({ length: 8000 * 600 }, () => (random.next() - 0.5) * 24_000);
  const kinds: [string, { name: string; samples: Int16Array }[]][] = [
    ['music', unknown.map(({ name, samples }) => ({ name, samples }))],
    ['loops of 2–8 s', unknown.map((song) => ({ name: song.name, samples: loopOf(song.samples, random) }))],
    ['speech', [{ name: 'speech', samples: speech }]],
    ['white noise', [{ name: 'noise', samples: noise }]],
  ];
  return kinds.map(([kind, pieces]) => {
    const invented: Invented[] = [];
    const shared: Invented[] = [];
    let samplesHeard = 0;
    for (const [i, { name, samples }] of pieces.entries()) {
      progress.show(i / pieces.length, `${kind} : ${name}`);
      samplesHeard += samples.length;
      for (const line of linesOf(samples, index)) {
        const other = library.find(({ reference }) => reference.trackId === line.trackId)!;
        const middle = (line.startS + line.endS) / 2;
        const atS = { a: middle, b: line.refStartS + (middle - line.startS) * line.tempo };
        const heardS = line.endS - line.startS;
        const same = [heardS, 4, 2].some((s) => sharesAudio(samples, other.samples, atS, s));
        (same ? shared : invented).push({ on: name, line });
      }
    }
    return { kind, hours: samplesHeard / 8000 / 3600, shared, invented };
  });
}

/** The last word on every line that the tracker reports. */
export function linesOf(samples: Int16Array, index: LandmarkIndex): TrackLine[] {
  const tools = { index, searcher: new Searcher(index), map: new PeakMap(MAP_FRAMES) };
  const tracker = new SessionTracker(1, 'evaluation', tools, { hypothesis: undefined });
  const lines = new Map<number, TrackLine>();
  const step = 8000 * 10;
  for (let at = 0; at < samples.length; at += step) {
    for (const { report } of tracker.audio(samples.subarray(at, at + step))) {
      for (const line of report.lines) lines.set(line.lineId, line);
    }
  }
  for (const line of tracker.end()?.report.lines ?? []) lines.set(line.lineId, line);
  return [...lines.values()];
}

/** A minute of a few seconds, again and again: the hard kind of stranger. */
function loopOf(samples: Int16Array, random: Random): Int16Array {
  const length = Math.round(8000 * random.between(2, 8));
  const from = Math.floor(random.next() * Math.max(1, samples.length - length));
  const loop = samples.subarray(from, from + length);
  return Int16Array.from({ length: 8000 * 60 }, (_, i) => loop[i % loop.length]!);
}
