import type { Knex } from 'knex';
import { AppError } from '../errors';
import type { DetectionMethod } from '../recognition/types';
import type { PlayKind, PlayStatus } from './types';

/** Which plays; absent: all. */
export interface PlayFilters {
  readonly stationId?: number;
  readonly trackId?: number;
  readonly kind?: PlayKind;
  readonly status?: PlayStatus;
  readonly method?: DetectionMethod;
  /** Started at or after, and before, ms since the epoch. */
  readonly from?: number;
  readonly to?: number;
  /** Part of a title, a performer, a station's name or an ISRC. */
  readonly q?: string;
}

/** Narrows a query over `plays p`, `stations s`, left-joined `tracks t`. */
export function applyFilters(query: Knex.QueryBuilder, filters: PlayFilters): void {
  // An unknown play that a recognised one has covered wholly since is nothing any more; `get` still shows it.
  query.whereRaw("NOT (p.kind = 'unknown' AND p.status <> 'open' AND p.ended_at = p.started_at)");
  if (filters.stationId !== undefined) query.where('p.station_id', filters.stationId);
  if (filters.trackId !== undefined) query.where('p.track_id', filters.trackId);
  if (filters.kind !== undefined) query.where('p.kind', filters.kind);
  if (filters.status !== undefined) query.where('p.status', filters.status);
  if (filters.method !== undefined) query.where('p.method', filters.method);
  if (filters.from !== undefined) query.where('p.started_at', '>=', new Date(filters.from).toISOString());
  if (filters.to !== undefined) query.where('p.started_at', '<', new Date(filters.to).toISOString());
  const q = filters.q?.trim();
  if (q) {
    const like = `%${q.replace(/[\\%_]/g, '\\$&')}%`;
    query.whereRaw(
      `(t.title ILIKE ? OR s.name ILIKE ? OR t.isrc ILIKE ? OR EXISTS (
         SELECT 1 FROM track_artists ta JOIN artists a ON a.id = ta.artist_id
         WHERE ta.track_id = p.track_id AND a.name ILIKE ?))`,
      [like, like, like, like],
    );
  }
}

/** Where a page ends: the next one begins after it, whatever has been added meanwhile. */
export interface Cursor {
  readonly startedAt: number;
  readonly id: string;
}

export function encodeCursor({ startedAt, id }: Cursor): string {
  return Buffer.from(`${startedAt}.${id}`).toString('base64url');
}

/** @throws AppError `invalid_cursor` */
export function decodeCursor(text: string): Cursor {
  // 14 digits: the year 5138. PostgreSQL does not read every date that JavaScript writes.
  const [, startedAt, id] =
    /^(\d{1,14})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(text, 'base64url').toString('utf8'),
    ) ?? [];
  if (startedAt === undefined || id === undefined) {
    throw new AppError('invalid_cursor', 400, {
      fr: 'Le curseur de page est invalide : reprendre celui de la page précédente.',
      en: 'The page cursor is invalid: take the one of the page before.',
    });
  }
  return { startedAt: Number(startedAt), id };
}
