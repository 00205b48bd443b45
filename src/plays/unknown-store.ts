import { crc32 } from 'node:zlib';
import type { Knex } from 'knex';
import type { Fingerprint } from '../recognition/local/fingerprint';
import type { PlayStatus } from './types';

interface Row {
  id: string;
  station_id: string;
  status: PlayStatus;
  duration_s: number;
}

/** The table of unknown plays; who tries to have them named writes the attempts to the same rows. */
export class UnknownStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  /** The play must be there already. Another extent has another Chromaprint fingerprint. */
  async save(playId: string, fingerprint: Fingerprint): Promise<void> {
    const { version } = fingerprint;
    const data = Buffer.from(fingerprint.data);
    await this.#knex('unknown_plays')
      .insert({ play_id: playId, version, data })
      .onConflict('play_id')
      .merge({ version, data, chromaprint: null });
  }

  /** What was kept of a play, e.g. as a reference once it is named; undefined when nothing was. */
  async fingerprint(playId: string): Promise<Fingerprint | undefined> {
    const row: { version: number; data: Buffer; duration_s: number } | undefined = await this.#knex(
      'unknown_plays as u',
    )
      .join('plays as p', 'p.id', 'u.play_id')
      .where('u.play_id', playId)
      .select('u.version', 'u.data', durationOf(this.#knex))
      .first();
    if (!row) return undefined;
    const data = new Uint8Array(row.data);
    return { version: row.version, durationS: row.duration_s, data, checksum: crc32(data) | 0 };
  }

  /** Those of the plays that have ended, are still unknown and have no row here. */
  async withoutRow(
    playIds: readonly string[],
  ): Promise<{ id: string; stationId: number; status: PlayStatus; durationS: number }[]> {
    const rows: Row[] = await this.#knex('plays as p')
      .leftJoin('unknown_plays as u', 'u.play_id', 'p.id')
      .whereRaw('p.id = ANY(?::uuid[])', [playIds as unknown as Knex.Value])
      .where('p.kind', 'unknown')
      .whereNot('p.status', 'open')
      .whereNull('u.play_id')
      .select('p.id', 'p.station_id', 'p.status', durationOf(this.#knex));
    return rows.map(({ id, station_id, status, duration_s }) => ({
      id,
      stationId: Number(station_id),
      status,
      durationS: duration_s,
    }));
  }

  /** Those of the plays that somebody has named, or that are no music. */
  async named(playIds: readonly string[]): Promise<string[]> {
    const rows: { id: string }[] = await this.#knex('plays')
      .whereRaw('id = ANY(?::uuid[])', [playIds as unknown as Knex.Value])
      .whereNot('kind', 'unknown')
      .select('id');
    return rows.map(({ id }) => id);
  }
}

function durationOf(knex: Knex): Knex.Raw {
  return knex.raw('extract(epoch FROM p.ended_at - p.started_at)::double precision AS duration_s');
}
