import type { Knex } from 'knex';
import { normaliseIsrc } from './isrc';
import { nameKey } from './name-key';
import type { Page, Track, TrackSource } from './types';

const COLUMNS = `
  t.id, t.title, t.album, t.label, t.isrc, t.duration_s, t.source, t.external_id, t.simulated, t.same_as, t.created_at,
  ARRAY(SELECT a.name FROM track_artists ta JOIN artists a ON a.id = ta.artist_id
        WHERE ta.track_id = t.id ORDER BY ta.position) AS artists,
  ARRAY(SELECT d.id FROM tracks d WHERE d.same_as = t.id ORDER BY d.id) AS duplicates,
  EXISTS (SELECT FROM fingerprints f WHERE f.track_id = t.id) AS fingerprinted`;

/** Largest page, tracks. */
export const MAX_PAGE_SIZE = 500;

interface Row {
  readonly id: string;
  readonly title: string;
  readonly album: string | null;
  readonly label: string | null;
  readonly isrc: string | null;
  readonly duration_s: number | null;
  readonly source: TrackSource;
  readonly external_id: string | null;
  readonly simulated: boolean;
  readonly same_as: string | null;
  readonly created_at: Date;
  readonly artists: string[];
  readonly duplicates: string[];
  readonly fingerprinted: boolean;
}

function toTrack(row: Row): Track {
  return {
    id: Number(row.id),
    title: row.title,
    artists: row.artists,
    ...(row.album === null ? {} : { album: row.album }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.isrc === null ? {} : { isrc: row.isrc }),
    ...(row.duration_s === null ? {} : { durationS: row.duration_s }),
    source: row.source,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    simulated: row.simulated,
    ...(row.same_as === null ? {} : { sameAs: Number(row.same_as) }),
    duplicates: row.duplicates.map(Number),
    fingerprinted: row.fingerprinted,
    createdAt: row.created_at,
  };
}

/**
 * Tracks whose title, album or a performer's name holds every word of `q` (case and accents aside), or whose ISRC is
 * `q`; by title. A blank `q` is every track.
 */
export async function searchTracks(
  knex: Knex,
  options: { q?: string; page?: number; pageSize?: number },
): Promise<Page<Track>> {
  const page = Math.max(1, Math.trunc(options.page ?? 1));
  const pageSize = Math.min(MAX_PAGE_SIZE, Math.max(1, Math.trunc(options.pageSize ?? 50)));
  const q = (options.q ?? '').replaceAll('\0', '').slice(0, 200);
  const isrc = normaliseIsrc(q);
  const conditions: string[] = [];
  const values: Knex.RawBinding[] = [];
  if (isrc !== undefined) {
    conditions.push('t.isrc = ?');
    values.push(isrc);
  } else {
    for (const word of nameKey(q).split(' ').filter(Boolean)) {
      const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
      conditions.push(`(t.title_key LIKE ? OR t.album ILIKE ? OR t.id IN (
        SELECT ta.track_id FROM artists a JOIN track_artists ta ON ta.artist_id = a.id WHERE a.name_key LIKE ?))`);
      values.push(pattern, pattern, pattern);
    }
  }
  const where = conditions.length === 0 ? 'true' : conditions.join(' AND ');
  const [counted, listed] = await Promise.all([
    knex.raw(`SELECT count(*) AS total FROM tracks t WHERE ${where}`, values),
    knex.raw(`SELECT ${COLUMNS} FROM tracks t WHERE ${where} ORDER BY t.title_key, t.id LIMIT ? OFFSET ?`, [
      ...values,
      pageSize,
      (page - 1) * pageSize,
    ]),
  ]);
  return { items: listed.rows.map(toTrack), total: Number(counted.rows[0].total), page, pageSize };
}

export async function getTrack(knex: Knex, id: number): Promise<Track | undefined> {
  if (!Number.isSafeInteger(id) || id < 1) return undefined;
  const { rows } = await knex.raw(`SELECT ${COLUMNS} FROM tracks t WHERE t.id = ?`, [id]);
  return rows[0] && toTrack(rows[0]);
}
