import type { Knex } from 'knex';
import { type Clock, systemClock } from '../clock';
import { AppError } from '../errors';
import { type Coverage, readCoverage } from './coverage';
import type { Station, StationState } from './types';
import { type StationInput, type StationPatch, shownUrl } from './validate';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly paused: boolean;
  readonly simulated: boolean;
}

const COLUMNS = ['id', 'name', 'url', 'paused', 'simulated'] as const;

function toStation(row: Row): Station {
  return { ...row, id: Number(row.id) };
}

/** Stations in PostgreSQL, and the changes of their states. A removed one is hidden, with its plays kept. */
export class StationStore {
  constructor(
    private readonly knex: Knex,
    private readonly clock: Clock = systemClock,
  ) {}

  /** By name. */
  async list(): Promise<Station[]> {
    const rows: Row[] = await this.live().orderByRaw('lower(name), id').select(COLUMNS);
    return rows.map(toStation);
  }

  async get(id: number): Promise<Station | undefined> {
    if (!Number.isSafeInteger(id) || id < 1) return undefined;
    const row: Row | undefined = await this.live().where({ id }).first(COLUMNS);
    return row && toStation(row);
  }

  /**
   * Adds a station. One that was removed under the same name comes back, with its plays.
   * @throws AppError `station_name_taken`, `station_url_taken` (409)
   */
  async add(input: StationInput): Promise<Station> {
    return this.guarded(input, (trx) => addStation(trx, input, this.clock));
  }

  /** @throws AppError `station_not_found` (404), `station_name_taken`, `station_url_taken` (409) */
  async change(id: number, patch: StationPatch): Promise<Station> {
    if (!(await this.get(id))) throw stationNotFound(id);
    return this.guarded(patch, async (trx) => {
      const [row] = await trx('stations')
        .where({ id, removed_at: null })
        .update({ ...defined(patch), updated_at: this.time() })
        .returning(COLUMNS);
      if (!row) throw stationNotFound(id);
      return toStation(row);
    });
  }

  /** @throws AppError `station_not_found` (404) */
  async remove(id: number): Promise<void> {
    if (!Number.isSafeInteger(id) || id < 1) throw stationNotFound(id);
    const changed = await this.live()
      .where({ id })
      .update({ removed_at: this.time(), updated_at: this.time() });
    if (changed === 0) throw stationNotFound(id);
  }

  /**
   * Adds what is new and changes what is known by its name, all or nothing.
   * @throws AppError `station_url_taken` (409)
   */
  async upsert(inputs: readonly StationInput[]): Promise<{ added: number; changed: number; same: number }> {
    return this.knex.transaction(async (trx) => {
      const count = { added: 0, changed: 0, same: 0 };
      const { rows: known } = await trx.raw(
        `SELECT s.id, s.name, s.url, s.paused FROM unnest(?::text[]) WITH ORDINALITY i(name, position)
         LEFT JOIN stations s ON lower(s.name) = lower(i.name) AND s.removed_at IS NULL ORDER BY i.position`,
        [inputs.map(({ name }) => name)],
      );
      // Two stations may exchange their addresses: first, everyone who moves out leaves the old one.
      const moving = inputs.flatMap(({ url }, i) =>
        known[i].id !== null && known[i].url !== url ? [known[i].id] : [],
      );
      await trx('stations')
        .whereIn('id', moving)
        .update({ url: trx.raw("'moving:' || id") });
      for (const [i, input] of inputs.entries()) {
        const { name, url, paused } = input;
        const before = known[i] as Omit<Row, 'id'> & { id: string | null };
        await this.guarded(
          input,
          async (savepoint) => {
            if (before.id === null) {
              count.added++;
              await addStation(savepoint, input, this.clock);
            } else if (before.name === name && before.url === url && before.paused === paused) {
              count.same++;
            } else {
              count.changed++;
              const patch = { name, url, paused, updated_at: this.time() };
              await savepoint('stations').where({ id: before.id }).update(patch);
            }
          },
          trx,
        );
      }
      return count;
    });
  }

  /**
   * Notes a station's state; saying the same twice in a row is noted once.
   * @param since ms since the epoch
   */
  async recordState(stationId: number, state: StationState, reason: string, since: number): Promise<void> {
    const at = new Date(since);
    const heard = state === 'listening' || state === 'silent';
    await this.knex.raw(
      `INSERT INTO station_states (station_id, state, reason, since, heard_until)
       SELECT ?, ?, ?, ?, ?
       WHERE NOT EXISTS (
         SELECT FROM (SELECT state, reason FROM station_states WHERE station_id = ? ORDER BY since DESC, id DESC LIMIT 1) last
         WHERE last.state = ? AND last.reason = ?)
       AND EXISTS (SELECT FROM stations WHERE id = ?)`,
      [stationId, state, reason, at, heard ? at : null, stationId, state, reason, stationId],
    );
  }

  /**
   * Confirms that these stations, which are listening or silent, have been heard until now: what a service that is
   * killed has heard counts up to its last confirmation.
   * @param at ms since the epoch
   */
  async confirmHeard(stationIds: readonly number[], at: number): Promise<void> {
    if (stationIds.length === 0) return;
    await this.knex.raw(
      `UPDATE station_states s SET heard_until = ?
       FROM (SELECT DISTINCT ON (station_id) id FROM station_states
             WHERE station_id = ANY(?) ORDER BY station_id, since DESC, id DESC) last
       WHERE s.id = last.id AND s.state IN ('listening', 'silent') AND s.since <= ?`,
      [new Date(at), [...stationIds], new Date(at)],
    );
  }

  /**
   * How much of a day (UTC) a station was heard, so far; undefined when the station did not exist on that day.
   * @param day `2026-11-24`
   */
  async coverage(stationId: number, day: string): Promise<Coverage | undefined> {
    return (await readCoverage(this.knex, day, this.clock.now(), stationId)).get(stationId);
  }

  /** The same for all stations that are not removed. */
  async coverages(day: string): Promise<Map<number, Coverage>> {
    return readCoverage(this.knex, day, this.clock.now());
  }

  private live(): Knex.QueryBuilder {
    return this.knex('stations').where({ removed_at: null });
  }

  private time(): Date {
    return new Date(this.clock.now());
  }

  private async guarded<T>(
    said: { name?: string | undefined; url?: string | undefined },
    work: (trx: Knex.Transaction) => Promise<T>,
    within: Knex = this.knex,
  ): Promise<T> {
    try {
      return await within.transaction(work);
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      if (code === '23505' && constraint === 'stations_name_live') throw nameTaken(said.name ?? '');
      if (code === '23505' && constraint === 'stations_url_live') throw urlTaken(said.url ?? '');
      throw error;
    }
  }
}

async function addStation(trx: Knex, input: StationInput, clock: Clock): Promise<Station> {
  const now = new Date(clock.now());
  const { name, url, paused, simulated = false } = input;
  const values = { name, url, paused, simulated, updated_at: now };
  const removed = await trx('stations')
    .whereRaw('lower(name) = lower(?)', [name])
    .whereNotNull('removed_at')
    .orderBy('removed_at', 'desc')
    .first('id')
    .forUpdate();
  // The live one of the same name, if there is one, makes the unique index refuse.
  const [row] = removed
    ? await trx('stations')
        .where({ id: removed.id })
        .update({ ...values, removed_at: null })
        .returning(COLUMNS)
    : await trx('stations')
        .insert({ ...values, created_at: now })
        .returning(COLUMNS);
  return toStation(row);
}

function defined(patch: StationPatch): Partial<StationPatch> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}

function stationNotFound(id: number): AppError {
  return new AppError('station_not_found', 404, {
    fr: `Aucune station ne porte le numéro ${id}.`,
    en: `There is no station number ${id}.`,
  });
}

function nameTaken(name: string): AppError {
  return new AppError('station_name_taken', 409, {
    fr: `Une station s'appelle déjà « ${name} ».`,
    en: `There is already a station called "${name}".`,
  });
}

function urlTaken(url: string): AppError {
  return new AppError('station_url_taken', 409, {
    fr: `Une autre station a déjà cette adresse : ${shownUrl(url)}.`,
    en: `Another station already has this address: ${shownUrl(url)}.`,
  });
}
