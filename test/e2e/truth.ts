import type { PlayView } from '../../src/http/play-view';
import type { SimulatedStation } from '../../src/simulator/client';
import type { TruthEntry } from '../../src/simulator/truth';

/** Songs that are shorter are not promised to be logged, seconds. */
const SHORTEST_S = 30;

export interface Song extends TruthEntry {
  readonly stationName: string;
  /**
   * Where a song that the library does not hold ends for a listener: a jingle that touches it is unknown music as well,
   * speech is told from music by a hint only, and of a crossfade with a known song the whole belongs to that one.
   * Seconds around the truth, ≥ 0.
   */
  readonly blur: {
    readonly before: number;
    readonly into: number;
    readonly out: number;
    readonly after: number;
  };
}

/** A song that was aired and the one play that tells of it; differences in seconds, positive: the log is late. */
export interface Logged {
  readonly song: Song;
  readonly play: PlayView;
  readonly startS: number;
  readonly endS: number;
}

/** What a log of plays says, judged by what was really aired. */
export interface Judgement {
  readonly logged: readonly Logged[];
  /** Aired, not in the log. */
  readonly missing: readonly Song[];
  /** Aired once, in the log several times. */
  readonly doubled: readonly Song[];
  /** In the log, not aired. */
  readonly invented: readonly PlayView[];
}

/** The songs of a truth that are long enough to be promised. */
export function songsOf(entries: readonly TruthEntry[], stations: readonly SimulatedStation[]): Song[] {
  const names = new Map(stations.map(({ mount, name }) => [mount, name]));
  return entries
    .filter(({ kind }) => kind === 'track' || kind === 'unknown')
    .filter((entry) => entry.endedAt - entry.startedAt >= SHORTEST_S * 1_000)
    .map((entry) => ({
      ...entry,
      stationName: names.get(entry.station) ?? entry.station,
      blur: blurOf(entry, entries),
    }));
}

function blurOf(song: TruthEntry, entries: readonly TruthEntry[]): Song['blur'] {
  const near = entries.filter((entry) => entry.station === song.station && entry !== song);
  const longest = (of: readonly TruthEntry[], ms: (entry: TruthEntry) => number) =>
    Math.max(0, ...of.map((entry) => ms(entry) / 1_000));
  const music = near.filter(({ kind }) => kind !== 'speech');
  const between = near.filter(({ kind }) => kind === 'jingle' || kind === 'speech');
  const length = ({ startedAt, endedAt }: TruthEntry) => endedAt - startedAt;
  return {
    before: longest(
      between.filter(({ endedAt }) => Math.abs(endedAt - song.startedAt) < 2_000),
      length,
    ),
    into: longest(
      music.filter(({ startedAt }) => startedAt < song.startedAt),
      ({ endedAt }) => endedAt - song.startedAt,
    ),
    out: longest(
      music.filter(({ endedAt }) => endedAt > song.endedAt),
      ({ startedAt }) => song.endedAt - startedAt,
    ),
    after: longest(
      between.filter(({ startedAt }) => Math.abs(startedAt - song.endedAt) < 2_000),
      length,
    ),
  };
}

/** Those whose bounds in the log are further from the truth than `limitS` seconds. */
export function astray(
  logged: readonly Logged[],
  limitS: number,
  isKnown = (song: Song) => song.kind === 'track',
): Logged[] {
  const none = { before: 0, into: 0, out: 0, after: 0 };
  return logged.filter(({ song, startS, endS }) => {
    const blur = isKnown(song) ? none : song.blur;
    const right =
      startS >= -limitS - blur.before &&
      startS <= limitS + blur.into &&
      endS >= -limitS - blur.out &&
      endS <= limitS + blur.after;
    return !right;
  });
}

/**
 * @param songs all that was aired
 * @param promised which of them must be in the log
 * @param isKnown whether the library holds the song
 */
export function judge(
  songs: readonly Song[],
  plays: readonly PlayView[],
  promised: (song: Song) => boolean,
  isKnown = (song: Song) => song.kind === 'track',
): Judgement {
  const tells = (play: PlayView, song: Song) =>
    play.station.name === song.stationName &&
    (isKnown(song) ? play.track?.title === song.title : play.kind === 'unknown') &&
    // Most of what is shorter: a play that a restart cut in two tells of the song as well.
    sharedS(play, song) > Math.min(play.duration_s, (song.endedAt - song.startedAt) / 1_000) / 2;
  const expected = songs.filter(promised);
  const found = expected.map((song) => ({ song, plays: plays.filter((play) => tells(play, song)) }));
  return {
    missing: found.filter((one) => one.plays.length === 0).map(({ song }) => song),
    doubled: found.filter((one) => one.plays.length > 1).map(({ song }) => song),
    invented: plays.filter((play) => !songs.some((song) => tells(play, song))),
    logged: found
      .filter((one) => one.plays.length === 1)
      .map(({ song, plays: [play] }) => ({
        song,
        play: play!,
        startS: (Date.parse(play!.started_at) - song.startedAt) / 1_000,
        endS: (Date.parse(play!.ended_at) - song.endedAt) / 1_000,
      })),
  };
}

function sharedS(play: PlayView, song: Song): number {
  const from = Math.max(Date.parse(play.started_at), song.startedAt);
  const to = Math.min(Date.parse(play.ended_at), song.endedAt);
  return (to - from) / 1_000;
}
