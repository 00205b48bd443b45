import { crc32 } from 'node:zlib';
import type { Knex } from 'knex';
import type { Fingerprint } from '../recognition/local/fingerprint';
import type { DetectionStatus } from '../recognition/types';
import type { PlayStatus } from './types';

/** An unknown play that has ended, and how far the outside services have been asked about it. */
export interface StoredUnknown {
  readonly playId: string;
  readonly stationId: number;
  readonly status: PlayStatus;
  readonly durationS: number;
  readonly chromaprint?: string;
  readonly acoustid?: DetectionStatus;
  readonly audd?: DetectionStatus;
}

interface Row {
  id: string;
  station_id: string;
  status: PlayStatus;
  duration_s: number;
  chromaprint: string | null;
  acoustid: DetectionStatus | null;
  audd: DetectionStatus | null;
}

/** The table of unknown plays; who tries to have them named writes the attempts to the same rows. */
export class UnknownStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  /** The play must be there already. */
  async save(playId: string, fingerprint: Fingerprint): Promise<void> {
    await this.#knex('unknown_plays')
      .insert({ play_id: playId, version: fingerprint.version, data: Buffer.from(fingerprint.data) })
      .onConflict('play_id')
      .merge(['version', 'data']);
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
    const rows: (Pick<Row, 'station_id' | 'status' | 'duration_s'> & { id: string })[] = await this.#knex(
      'plays as p',
    )
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

  /** Ended plays that are still unknown, the latest first. */
  async unknown(limit: number): Promise<StoredUnknown[]> {
    const rows: Row[] = await this.#knex('unknown_plays as u')
      .join('plays as p', 'p.id', 'u.play_id')
      .where('p.kind', 'unknown')
      .whereNot('p.status', 'open')
      .select(
        'p.id',
        'p.station_id',
        'p.status',
        'u.chromaprint',
        'u.acoustid',
        'u.audd',
        durationOf(this.#knex),
      )
      .orderBy('p.started_at', 'desc')
      .limit(limit);
    return rows.map((row) => ({
      playId: row.id,
      stationId: Number(row.station_id),
      status: row.status,
      durationS: row.duration_s,
      ...(row.chromaprint === null ? {} : { chromaprint: row.chromaprint }),
      ...(row.acoustid === null ? {} : { acoustid: row.acoustid }),
      ...(row.audd === null ? {} : { audd: row.audd }),
    }));
  }
}

function durationOf(knex: Knex): Knex.Raw {
  return knex.raw('extract(epoch FROM p.ended_at - p.started_at)::double precision AS duration_s');
}
