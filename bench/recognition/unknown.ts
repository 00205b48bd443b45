import type { LandmarkIndex } from '../../src/recognition/local/landmark-index';
import { PeakMap } from '../../src/recognition/local/query';
import { Searcher } from '../../src/recognition/local/search';
import { MAP_FRAMES, SessionTracker } from '../../src/recognition/local/tracker';
import type { TrackLine } from '../../src/recognition/types';
import { Random } from '../../src/simulator/random';
import type { Song } from './material';
import type { Progress } from './progress';
import { type Place, sharesSomewhere } from './shared';

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

/**
 * Plays unknown audio through the real tracker, a session per piece, until `hours` have been heard: every kind at least
 * once, then the same again as other pieces.
 */
export function listenToStrangers(
  unknown: readonly Song[],
  library: readonly Song[],
  speech: Int16Array,
  index: LandmarkIndex,
  asked: { readonly seed: number; readonly hours: number },
  progress: Progress,
): Strangers[] {
  const kinds = new Map<string, { seconds: number; shared: Invented[]; invented: Invented[] }>();
  let seconds = 0;
  const listen = ({ kind, name, samples }: Stranger) => {
    progress.show(Math.min(1, seconds / asked.hours / 3600), `${kind} : ${name}`);
    const heard = kinds.get(kind) ?? { seconds: 0, shared: [], invented: [] };
    kinds.set(kind, heard);
    heard.seconds += samples.length / 8000;
    seconds += samples.length / 8000;
    for (const line of linesOf(samples, index)) {
      const other = library.find(({ reference }) => reference.trackId === line.trackId);
      const lengthsS = [line.endS - line.startS, 4, 2];
      const same = other && sharesSomewhere(samples, other.samples, placesAlong(line), lengthsS);
      (same ? heard.shared : heard.invented).push({ on: name, line });
    }
  };
  for (let round = 0; seconds < asked.hours * 3600; round++) {
    for (const stranger of strangers(unknown, speech, asked.seed, round)) listen(stranger);
  }
  return [...kinds].map(([kind, { seconds: s, ...found }]) => ({ kind, hours: s / 3600, ...found }));
}

/** Places along a line, in the air and in the recording: a loop, cut and repeated, is not all the time where that has it. */
function placesAlong({ startS, endS, refStartS, tempo }: TrackLine): Place[] {
  return Array.from({ length: 9 }, (_, i) => {
    const sinceS = ((i + 1) / 10) * (endS - startS);
    return { a: startS + sinceS, b: refStartS + sinceS * tempo };
  });
}

interface Stranger {
  readonly kind: string;
  readonly name: string;
  readonly samples: Int16Array;
}

/**
 * A round of unknown audio: in round 0 the pieces as they are, then as other ones, at a speed far outside of those that are
 * tried, forwards or backwards.
 */
function* strangers(
  unknown: readonly Song[],
  speech: Int16Array,
  seed: number,
  round: number,
): Generator<Stranger> {
  const random = new Random(seed, 'strangers', round);
  const speed = random.chance(0.5) ? random.between(0.7, 0.92) : random.between(1.09, 1.4);
  const backwards = random.chance(0.5);
  const kind = round === 0 ? 'music' : 'music, other speeds and backwards';
  for (const { name, samples } of unknown) {
    const piece = round === 0 ? samples : disguised(samples, speed, backwards);
    yield {
      kind,
      name: round === 0 ? name : `${name} × ${speed.toFixed(3)}${backwards ? ' ←' : ''}`,
      samples: piece,
    };
  }
  for (const { name, samples } of unknown) {
    yield { kind: 'loops of 2–8 s', name, samples: loopOf(samples, random) };
  }
  for (let voice = 0; voice < 5; voice++) {
    const at = voice === 0 ? 1 : random.between(0.8, 1.25);
    yield { kind: 'speech', name: `speech × ${at.toFixed(3)}`, samples: disguised(speech, at, false) };
  }
  const noise = Int16Array.from({ length: 8000 * 600 }, () => (random.next() - 0.5) * 24_000);
  yield { kind: 'white noise', name: 'noise', samples: noise };
}

/** The same recording at another speed (pitch and tempo), forwards or backwards. */
function disguised(samples: Int16Array, speed: number, backwards: boolean): Int16Array {
  const length = Math.max(0, Math.floor((samples.length - 1) / speed));
  return Int16Array.from({ length }, (_, i) => {
    const at = backwards ? samples.length - 1 - i * speed : i * speed;
    const before = Math.floor(at);
    const share = at - before;
    return (1 - share) * samples[before]! + share * (samples[before + 1] ?? 0);
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
