import { join } from 'node:path';
import { type Clock, systemClock } from '../clock';
import type { Logger } from '../log';
import { Journal, type JournalEntry, writeDurably } from './journal';
import type { Play } from './types';

/** Where plays end up; writing one twice must change nothing. */
export interface PlayWriter {
  write(plays: readonly Play[]): Promise<void>;
}

export interface PlayLogOptions {
  readonly folder: string;
  readonly store: PlayWriter;
  /** Bound of the journal on disk. */
  readonly maxBytes: number;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Revisions per write. */
const BATCH = 200;
const RETRY_MS = { first: 500, longest: 30_000 };
/** Last revisions kept at hand, for those who go on from one that the database does not have yet. */
const AT_HAND = 5_000;

/**
 * The way of a play to the database: first to a journal on disk, then, in order, to PostgreSQL, as long as that takes.
 * A play is never lost once `record` has resolved, and its revisions are idempotent, so never twice either.
 */
export class PlayLog {
  readonly #journal: Journal<Play>;
  readonly #options: PlayLogOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  /** Open plays of an earlier run that the journal still held. */
  readonly #left = new Map<string, Play>();
  /** Last revisions that wait, by play. */
  readonly #latest = new Map<string, { play: Play; seq: number }>();
  /** Last revisions that found no room, by play. */
  readonly #overflow = new Map<string, Play>();
  #wake: (() => void) | undefined;
  #idle: { resolve(): void }[] = [];
  #loop: Promise<void> = Promise.resolve();
  #overflowing = false;
  /** Revisions on their way to the disk. */
  #appending = 0;

  private constructor(journal: Journal<Play>, options: PlayLogOptions) {
    this.#journal = journal;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Opens the journal and starts to write what an earlier run left in it. */
  static async open(options: PlayLogOptions): Promise<PlayLog> {
    const journal = await Journal.open<Play>(options.folder, options);
    const log = new PlayLog(journal, options);
    for await (const play of journal.all()) log.#left.set(play.id, play);
    if (journal.entries > 0) {
      options.log.info({ entries: journal.entries }, 'journal : diffusions en attente, reprises');
    }
    log.#loop = log.#run();
    return log;
  }

  /**
   * Takes a revision, after those that were given before. Resolves with true when it is safe on disk, with false where
   * the disk has no room or fails: then it waits in memory until that is over.
   */
  async record(play: Play): Promise<boolean> {
    // Where there is little room, how far an open play has got is not worth any: its end will say.
    const progress = play.status === 'open' && play.revision > 1;
    if (progress && this.#journal.bytes > this.#journal.maxBytes / 2) return false;
    if (this.#overflow.has(play.id)) return this.#keepOver(play);
    const entry = { play, seq: Number.POSITIVE_INFINITY };
    this.#latest.delete(play.id);
    this.#latest.set(play.id, entry);
    if (this.#latest.size > AT_HAND) this.#latest.delete(this.#latest.keys().next().value!);
    this.#appending += 1;
    try {
      entry.seq = await this.#journal.append(play);
      return true;
    } catch (error) {
      if (this.#latest.get(play.id) === entry) this.#latest.delete(play.id);
      return this.#keepOver(play, error);
    } finally {
      this.#appending -= 1;
      this.#wake?.();
    }
  }

  /** Entries on disk that PostgreSQL has not acknowledged, and the journal's size. */
  pending(): { entries: number; bytes: number } {
    const entries = this.#journal.entries + this.#overflow.size;
    return { entries, bytes: this.#journal.bytes };
  }

  /** Last revisions that an earlier run left in the journal; they may be newer than the database's. */
  left(): readonly Play[] {
    return [...this.#left.values()];
  }

  /** The play's last revision, if it still waits to be written. */
  latest(playId: string): Play | undefined {
    return this.#overflow.get(playId) ?? this.#latest.get(playId)?.play;
  }

  /** Resolves when nothing waits any more, or the log is stopped. */
  async flushed(): Promise<void> {
    if (this.#stopping.signal.aborted || (this.#appending === 0 && this.pending().entries === 0)) return;
    await new Promise<void>((resolve) => this.#idle.push({ resolve }));
  }

  /** Tries once more to write what waits, then stops; the rest stays in the journal. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#loop;
    for (const { resolve } of this.#idle.splice(0)) resolve();
    await this.#journal.close();
  }

  async #run(): Promise<void> {
    let failures = 0;
    for (;;) {
      const stopping = this.#stopping.signal.aborted;
      const wrote = await this.#writeSome().then(
        (count) => ({ count }),
        (error: unknown) => ({ error }),
      );
      if ('error' in wrote) {
        if (stopping) return;
        failures += 1;
        if (failures === 1) {
          this.#options.log.warn(
            { err: wrote.error, ...this.pending() },
            "les diffusions n'arrivent pas dans PostgreSQL : elles attendent sur disque",
          );
        }
        await this.#pause(Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** Math.min(failures - 1, 10)));
        continue;
      }
      if (failures > 0) {
        failures = 0;
        this.#options.log.info(this.pending(), 'les diffusions arrivent de nouveau dans PostgreSQL');
      }
      if (wrote.count > 0) continue;
      if (this.#appending === 0) for (const { resolve } of this.#idle.splice(0)) resolve();
      if (stopping) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.pending().entries > 0 || this.#stopping.signal.aborted) resolve();
      });
      this.#wake = undefined;
    }
  }

  async #pause(ms: number): Promise<void> {
    // A stop ends the wait; an error of the wait itself does not exist.
    await this.#clock.sleep(ms, this.#stopping.signal).catch(() => undefined);
  }

  async #writeSome(): Promise<number> {
    const entries = await this.#journal.read(BATCH);
    if (entries.length === 0) return await this.#takeOverflow();
    const plays = entries.map(({ value }) => value);
    try {
      await this.#options.store.write(plays);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.#oneByOne(entries);
    }
    await this.#done(entries);
    return entries.length;
  }

  async #done(entries: readonly JournalEntry<Play>[]): Promise<void> {
    const { seq } = entries.at(-1)!;
    await this.#journal.acknowledge(seq);
    for (const { value } of entries) {
      if ((this.#latest.get(value.id)?.seq ?? Number.POSITIVE_INFINITY) <= seq) this.#latest.delete(value.id);
    }
  }

  /** One of these is refused: it must not stand in the way of the others. */
  async #oneByOne(entries: readonly JournalEntry<Play>[]): Promise<void> {
    for (const entry of entries) {
      const { value } = entry;
      try {
        await this.#options.store.write([value]);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const line = { at: new Date(this.#clock.now()).toISOString(), reason: String(error), play: value };
        await writeDurably(join(this.#options.folder, 'refused.jsonl'), `${JSON.stringify(line)}\n`, 'a');
        this.#options.log.error(
          { err: error, playId: value.id, stationId: value.stationId, file: 'refused.jsonl' },
          'diffusion refusée par PostgreSQL : mise de côté, à examiner',
        );
      }
      await this.#done([entry]);
    }
  }

  #keepOver(play: Play, error?: unknown): false {
    // A later revision may have been refused before an earlier one.
    if ((this.#overflow.get(play.id)?.revision ?? 0) < play.revision) this.#overflow.set(play.id, play);
    if (!this.#overflowing) {
      this.#options.log.error(
        { err: error, ...this.pending(), maxBytes: this.#journal.maxBytes },
        "journal des diffusions plein ou illisible : les suivantes ne sont gardées qu'en mémoire",
      );
    }
    this.#overflowing = true;
    this.#wake?.();
    return false;
  }

  /** There is room in the journal again. @returns how many plays it has taken */
  async #takeOverflow(): Promise<number> {
    const waiting = [...this.#overflow];
    for (const [id, play] of waiting) {
      const seq = await this.#journal.append(play);
      if (this.#overflow.get(id) !== play) continue;
      this.#overflow.delete(id);
      this.#latest.set(id, { play, seq });
    }
    this.#overflowing = false;
    return waiting.length;
  }
}

/**
 * PostgreSQL understood and said no (class 22: data, 23: constraints), or the entry is no play at all: trying again
 * would change nothing.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code);
}
