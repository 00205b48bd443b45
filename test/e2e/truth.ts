import type { PlayView } from '../../src/http/play-view';
import type { SimulatedStation } from '../../src/simulator/client';
import type { TruthEntry } from '../../src/simulator/truth';

/** Songs that are shorter are not promised to be logged, seconds. */
const SHORTEST_S = 30;

export interface Named extends TruthEntry {
  readonly stationName: string;
}

export interface Song extends Named {
  /**
   * Where a song that the library does not hold ends for a listener: a jingle that touches it is unknown music as well,
   * and of a crossfade with a known song the whole belongs to that one. Seconds around the truth, ≥ 0.
   */
  readonly blur: {
    readonly before: number;
    readonly into: number;
    readonly out: number;
    readonly after: number;
  };
}

export interface Aired {
  readonly songs: readonly Song[];
  readonly jingles: readonly Named[];
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

/** Everything that was aired; of the songs those that are long enough to be promised. */
export function airedOf(entries: readonly TruthEntry[], stations: readonly SimulatedStation[]): Aired {
  const names = new Map(stations.map(({ mount, name }) => [mount, name]));
  const named = entries.map((entry) => ({ ...entry, stationName: names.get(entry.station) ?? '' }));
  return {
    songs: named
      .filter(({ kind }) => kind === 'track' || kind === 'unknown')
      .filter((entry) => entry.endedAt - entry.startedAt >= SHORTEST_S * 1_000)
      .map((entry) => ({ ...entry, blur: blurOf(entry, named) })),
    jingles: named.filter(({ kind }) => kind === 'jingle'),
  };
}

function blurOf(song: Named, entries: readonly Named[]): Song['blur'] {
  const near = entries.filter((entry) => entry.station === song.station && entry !== song);
  const longest = (of: readonly TruthEntry[], ms: (entry: TruthEntry) => number) =>
    Math.max(0, ...of.map((entry) => ms(entry) / 1_000));
  const music = near.filter(({ kind }) => kind !== 'speech');
  const between = near.filter(({ kind }) => kind === 'jingle');
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
export function astray(logged: readonly Logged[], limitS: number): Logged[] {
  const none = { before: 0, into: 0, out: 0, after: 0 };
  return logged.filter(({ song, startS, endS }) => {
    const blur = song.kind === 'track' ? none : song.blur;
    const right =
      startS >= -limitS - blur.before &&
      startS <= limitS + blur.into &&
      endS >= -limitS - blur.out &&
      endS <= limitS + blur.after;
    return !right;
  });
}

/** @param promised which of the songs must be in the log */
export function judge(
  { songs, jingles }: Aired,
  plays: readonly PlayView[],
  promised: (song: Song) => boolean,
): Judgement {
  const isOn = (play: PlayView, entry: Named) =>
    play.station.name === entry.stationName &&
    // Most of what is shorter: a play that a restart cut in two tells of the song as well.
    sharedS(play, entry) > Math.min(play.duration_s, (entry.endedAt - entry.startedAt) / 1_000) / 2;
  const tells = (play: PlayView, song: Song) =>
    isOn(play, song) && (song.kind === 'track' ? play.track?.title === song.title : play.kind === 'unknown');
  // A jingle that comes again is logged as one.
  const isJingle = (play: PlayView) => play.kind === 'jingle' && jingles.some((jingle) => isOn(play, jingle));
  const expected = songs.filter(promised);
  const found = expected.map((song) => ({ song, plays: plays.filter((play) => tells(play, song)) }));
  return {
    missing: found.filter((one) => one.plays.length === 0).map(({ song }) => song),
    doubled: found.filter((one) => one.plays.length > 1).map(({ song }) => song),
    invented: plays.filter((play) => !isJingle(play) && !songs.some((song) => tells(play, song))),
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

function sharedS(play: PlayView, entry: Named): number {
  const from = Math.max(Date.parse(play.started_at), entry.startedAt);
  const to = Math.min(Date.parse(play.ended_at), entry.endedAt);
  return (to - from) / 1_000;
}
