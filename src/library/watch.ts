import type { Knex } from 'knex';
import type { Clock } from '../clock';
import { listen } from '../db/listen';
import type { Logger } from '../log';

/** A full comparison with the database is made this often, ms, besides after every reconnect. */
const CHECK_MS = 5 * 60_000;

/** Changes are gathered for this long, ms, before they are told: an import brings many. */
const GATHER_MS = 300;

/** A change that could not be taken in is offered again after this time, ms. */
const AGAIN_MS = 5_000;

/** Tracks that are told as added at a time, at most. */
const PORTION = 500;

/** Tracks whose references came or went; one whose fingerprint changed is in both: take out, then add. */
export interface LibraryChange {
  readonly added: readonly number[];
  readonly removed: readonly number[];
}

const TRACKS = `
  SELECT f.track_id, f.checksum FROM fingerprints f JOIN tracks t ON t.id = f.track_id
  WHERE f.version = ? AND t.same_as IS NULL`;

/** Cheap to compare: how many references there are, and two sums over them. */
const SUMMARY = `
  SELECT count(*)::text || ' ' || coalesce(sum(track_id), 0) || ' ' || coalesce(sum(checksum::bigint), 0) AS summary
  FROM (${TRACKS}) compared`;

/**
 * Tells what the recogniser's index has to take in and let go, whichever process changed the library; the first call
 * brings everything that is not in `known`. A change whose handling fails is offered again. Survives the database's
 * absence.
 * @returns stops watching
 */
export function watchLibrary(options: {
  readonly knex: Knex;
  /** Version of the fingerprints that the index compares. */
  readonly version: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tracks that the index holds already, with the checksums of their fingerprints. */
  readonly known?: Iterable<readonly [trackId: number, checksum: number]>;
  onChange(change: LibraryChange): void | Promise<void>;
}): () => Promise<void> {
  const { knex, version, clock, log } = options;
  const known = new Map(options.known);
  let named = new Set<number>();
  let checkAll = false;
  let stopped = false;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let abandon: () => void = () => undefined;

  const wake = (afterMs: number) => {
    if (stopped || running || cancel) return;
    cancel = clock.after(afterMs, () => {
      cancel = undefined;
      running = look().finally(() => {
        running = undefined;
        if (named.size > 0 || checkAll) wake(GATHER_MS);
      });
    });
  };

  async function look(): Promise<void> {
    const [ids, all] = [named, checkAll];
    named = new Set();
    checkAll = false;
    try {
      if (all) await compareAll();
      else await compare([...ids]);
    } catch (error) {
      if (stopped) return;
      log.warn({ err: error }, 'Bibliothèque : changements pas encore pris en compte');
      // After the wait, everything is compared: nothing that was named is forgotten.
      await new Promise<void>((resolve) => {
        const ready = clock.after(AGAIN_MS, resolve);
        abandon = () => {
          ready();
          resolve();
        };
      });
      checkAll = true;
    }
  }
  async function compare(ids: number[]): Promise<void> {
    if (ids.length === 0) return;
    const { rows } = await knex.raw(`${TRACKS} AND f.track_id = ANY(?)`, [version, ids]);
    await tell(ids, rows);
  }

  async function compareAll(): Promise<void> {
    const { rows: summaries } = await knex.raw(SUMMARY, [version]);
    if (summaries[0].summary === summaryOf(known)) return;
    const { rows } = await knex.raw(TRACKS, [version]);
    await tell(known.keys(), rows);
  }

  /** `asked`: tracks that are gone unless they are among the rows. */
  async function tell(
    asked: Iterable<number>,
    rows: { track_id: string; checksum: number }[],
  ): Promise<void> {
    const now = new Map(rows.map((row) => [Number(row.track_id), row.checksum]));
    const added = [...now].filter(([id, checksum]) => known.get(id) !== checksum).map(([id]) => id);
    const removed = [
      ...[...asked].filter((id) => known.has(id) && !now.has(id)),
      ...added.filter((id) => known.has(id)),
    ];
    if (stopped || (added.length === 0 && removed.length === 0)) return;
    // In portions, so that whoever loads the fingerprints of a whole library needs no memory for all of them at once.
    for (let at = 0; at < Math.max(1, added.length) && !stopped; at += PORTION) {
      const portion = added.slice(at, at + PORTION);
      const gone = at === 0 ? removed : [];
      await options.onChange({ added: portion, removed: gone });
      for (const id of gone) known.delete(id);
      for (const id of portion) known.set(id, now.get(id)!);
    }
  }

  const unlisten = listen({
    ...{ knex, clock, log, channel: 'library_changed' },
    onNotify(payload) {
      named.add(Number(payload));
      wake(GATHER_MS);
    },
    onConnected() {
      checkAll = true;
      wake(0);
    },
  });
  let cancelCheck: () => void = () => undefined;
  const checkLater = () => {
    cancelCheck = clock.after(CHECK_MS, () => {
      checkAll = true;
      wake(0);
      checkLater();
    });
  };
  checkLater();

  return async () => {
    stopped = true;
    cancelCheck();
    cancel?.();
    abandon();
    await Promise.all([unlisten(), running]);
  };
}

function summaryOf(known: ReadonlyMap<number, number>): string {
  let ids = 0n;
  let checksums = 0n;
  for (const [id, checksum] of known) {
    ids += BigInt(id);
    checksums += BigInt(checksum);
  }
  return `${known.size} ${ids} ${checksums}`;
}
