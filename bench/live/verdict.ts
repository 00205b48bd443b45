import type { TruthEntry } from '../../src/simulator/truth';

/** A line of the service's log of plays. Times in ms since the epoch. */
export interface LoggedPlay {
  readonly station: string;
  readonly kind: string;
  readonly title: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The moment at which the service first said what a station plays. */
export interface Naming {
  readonly station: string;
  readonly title: string;
  readonly at: number;
}

export interface Verdict {
  /** Songs of the library that began after `from` and ended before `to`, at least 30 s long. */
  readonly aired: number;
  readonly recognised: number;
  readonly missed: readonly TruthEntry[];
  /** Plays beyond the first of one song. */
  readonly repeated: number;
  /** Plays of a recording that its station did not air at that time. */
  readonly invented: readonly LoggedPlay[];
  /** Songs of at least 30 s that no library holds, and those of them that are logged as unknown, half or more. */
  readonly unknownAired: number;
  readonly unknownLogged: number;
  /** Seconds by which plays begin and end beside the truth, without sign. */
  readonly startErrors: readonly number[];
  readonly endErrors: readonly number[];
  /** Seconds from a song's start to its name. */
  readonly naming: readonly number[];
}

const SHORTEST_MS = 30_000;

interface Stretch {
  readonly startedAt: number;
  readonly endedAt: number;
}

const overlap = (a: Stretch, b: Stretch) =>
  Math.max(0, Math.min(a.endedAt, b.endedAt) - Math.max(a.startedAt, b.startedAt));

/** A log of plays, judged by what was aired. */
export function judge(
  truth: readonly TruthEntry[],
  plays: readonly LoggedPlay[],
  namings: readonly Naming[],
  /** Songs that were not wholly within these bounds are not judged. */
  bounds: { readonly from: number; readonly to: number },
): Verdict {
  const whole = (entry: TruthEntry) =>
    entry.startedAt >= bounds.from &&
    entry.endedAt <= bounds.to &&
    entry.endedAt - entry.startedAt >= SHORTEST_MS;
  const songs = truth.filter((entry) => entry.kind === 'track' && whole(entry));
  const unknown = truth.filter((entry) => entry.kind === 'unknown' && whole(entry));
  const startErrors: number[] = [];
  const endErrors: number[] = [];
  const naming: number[] = [];
  const missed: TruthEntry[] = [];
  let repeated = 0;
  for (const song of songs) {
    const same = plays.filter(
      (play) =>
        play.kind === 'track' &&
        play.station === song.station &&
        play.title === song.title &&
        overlap(play, song) > 0.5 * Math.min(play.endedAt - play.startedAt, song.endedAt - song.startedAt),
    );
    const best = same.toSorted((a, b) => overlap(b, song) - overlap(a, song))[0];
    if (!best || overlap(best, song) < 0.5 * (song.endedAt - song.startedAt)) {
      missed.push(song);
      continue;
    }
    repeated += same.length - 1;
    startErrors.push(Math.abs(best.startedAt - song.startedAt) / 1000);
    endErrors.push(Math.abs(best.endedAt - song.endedAt) / 1000);
    const named = namings.find(
      ({ station, title, at }) =>
        station === song.station &&
        title === song.title &&
        at >= song.startedAt &&
        at < song.endedAt + 60_000,
    );
    if (named) naming.push((named.at - song.startedAt) / 1000);
  }
  const invented = plays.filter(
    (play) =>
      play.kind === 'track' &&
      !truth.some(
        (entry) => entry.station === play.station && entry.title === play.title && overlap(entry, play) > 0,
      ),
  );
  const unknownLogged = unknown.filter((song) => {
    const logged = plays.filter(({ station, kind }) => kind === 'unknown' && station === song.station);
    const covered = logged.reduce((sum, play) => sum + overlap(play, song), 0);
    return covered >= 0.5 * (song.endedAt - song.startedAt);
  }).length;
  return {
    ...{ aired: songs.length, recognised: songs.length - missed.length, missed, repeated, invented },
    ...{ unknownAired: unknown.length, unknownLogged, startErrors, endErrors, naming },
  };
}
