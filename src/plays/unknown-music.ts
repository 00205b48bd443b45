import type { ContentKind } from '../recognition/types';
import type { Draft } from './draft';
import { type Interval, overlap, subtract, total, union } from './intervals';

/** Hops of speech or noise of this length within music belong to it (voices, breaks), seconds. */
const BRIDGE_S = 7.5;
/** One stretch of unknown music is at most this long: two songs that touch cannot be told apart, and audio is bounded. */
const MAX_LENGTH_S = 900;
/** A station's titles come this early or late, seconds. */
const SPLIT_ERROR_S = 10;
/** After this time no line reaches back any more, seconds. */
const FORGET_S = 300;

/** One stretch of music that nothing recognised. */
export interface Unit {
  from: number;
  to: number;
  /** The parts of it that were music. */
  heard: readonly Interval[];
  startErrorS: number;
  endErrorS: number;
  /** The music has stopped, or something else begins. */
  finished: boolean;
  /** Its play, once written. */
  draft?: Draft;
  /** Told to be too short for a play. */
  dismissed: boolean;
  /** Seconds of it that were counted as unidentified before it had a play. */
  countedS: number;
}

/** Where a play lies in this session, and how exactly that is known, seconds. */
export interface Coverage extends Interval {
  readonly startErrorS: number;
  readonly endErrorS: number;
  /** It goes on, or may yet; or turn out to be none. */
  readonly held: boolean;
}

/** Music of one session that no play explains: what was heard less what is covered, anew after each report. */
export class UnknownMusic {
  #music: Interval[] = [];
  #units: Unit[] = [];
  #barriers: number[] = [];

  get units(): readonly Unit[] {
    return this.#units;
  }

  hop(from: number, to: number, content: ContentKind): void {
    if (content === 'music' && to > from) this.#music = union([...this.#music, { from, to }]);
  }

  /** Something else begins here, as far as the station says: unknown music before and after is not one song. */
  split(at: number): void {
    this.#barriers.push(at);
  }

  /** The unit goes into a recognised play: it is not ours any more. */
  release(unit: Unit): void {
    this.#units = this.#units.filter((other) => other !== unit);
  }

  /**
   * Brings the units up to date with what plays cover now.
   * @returns units that a play has covered wholly since
   */
  update(upToS: number, covered: readonly Coverage[], hopS: number, ended: boolean): Unit[] {
    const runs = this.#runs(covered);
    const taken = new Set<Unit>();
    for (const run of runs) {
      const from = run[0]!.from;
      const to = run.at(-1)!.to;
      const before = covered.find((play) => Math.abs(play.to - from) < 1e-6);
      const after = covered.find((play) => Math.abs(play.from - to) < 1e-6);
      let unit = this.#units.find((u) => !taken.has(u) && overlap(u, { from, to }) > 0);
      if (!unit) {
        const unknown = { finished: false, dismissed: false, countedS: 0 };
        unit = { from, to, heard: run, startErrorS: 0, endErrorS: 0, ...unknown };
        this.#units.push(unit);
      }
      taken.add(unit);
      const barrier = this.#barriers.includes(to);
      unit.from = from;
      unit.to = to;
      unit.heard = run;
      // A change of content is known to a hop; the edge of a recognised play as well as the play knows it.
      unit.startErrorS = before?.endErrorS ?? (this.#barriers.includes(from) ? SPLIT_ERROR_S : hopS);
      unit.endErrorS = after?.startErrorS ?? (barrier ? SPLIT_ERROR_S : hopS);
      unit.finished ||= ended || barrier || upToS - to > BRIDGE_S || after !== undefined;
      if (!unit.finished && to - from >= MAX_LENGTH_S) {
        this.#barriers.push(to);
        unit.finished = true;
      }
    }
    const covers = this.#units.filter((unit) => !taken.has(unit));
    this.#units = this.#units.filter((unit) => taken.has(unit) && upToS - unit.to < FORGET_S);
    // Music before the oldest unit or play that can still change is of no more use.
    const held = covered.filter((play) => play.held);
    const horizon = Math.min(upToS - FORGET_S, ...[...this.#units, ...held].map(({ from }) => from));
    this.#music = this.#music.flatMap(({ from, to }) =>
      to > horizon ? [{ from: Math.max(from, horizon), to }] : [],
    );
    this.#barriers = this.#barriers.filter((at) => at > horizon);
    return covers;
  }

  /** Stretches of uncovered music, those that belong together in one list. */
  #runs(covered: readonly Coverage[]): Interval[][] {
    const runs: Interval[][] = [];
    const free = this.#barriers.reduce(
      (pieces, at) =>
        pieces.flatMap(({ from, to }) =>
          from < at && at < to
            ? [
                { from, to: at },
                { from: at, to },
              ]
            : [{ from, to }],
        ),
      subtract(this.#music, covered),
    );
    for (const piece of free) {
      const run = runs.at(-1);
      const last = run?.at(-1);
      const joins =
        last !== undefined &&
        piece.from - last.to <= BRIDGE_S &&
        !this.#barriers.includes(last.to) &&
        !covered.some((play) => overlap(play, { from: last.to - 1e-3, to: piece.from + 1e-3 }) > 0);
      if (joins) run!.push(piece);
      else runs.push([piece]);
    }
    return runs;
  }
}

/** Seconds of music in a unit. */
export function musicIn(unit: Unit): number {
  return total(unit.heard);
}
