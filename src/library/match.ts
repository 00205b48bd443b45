import type { Knex } from 'knex';
import { nameKey } from './name-key';
import type { NewRecording } from './types';

/** What is needed of a stored track to say whether a recording is the same one. */
export interface KnownTrack {
  readonly id: number;
  readonly title: string;
  readonly titleKey: string;
  readonly artistKeys: readonly string[];
  readonly isrc: string | undefined;
  readonly durationS: number | undefined;
  readonly source: string;
  readonly sameAs: number | undefined;
  /** Nobody gave a file of it: what the library has was heard on the air, if anything. */
  readonly fromAir: boolean;
}

/** SQL: nobody gave a file of track `t`. */
export const FROM_AIR = `(t.source IN ('acoustid', 'audd')
  AND NOT EXISTS (SELECT FROM reference_files rf WHERE rf.track_id = t.id))`;

const COLUMNS = `
  t.id, t.title, t.title_key, t.isrc, t.duration_s, t.source, t.same_as,
  ARRAY(SELECT a.name_key FROM track_artists ta JOIN artists a ON a.id = ta.artist_id
        WHERE ta.track_id = t.id ORDER BY ta.position) AS artist_keys,
  ${FROM_AIR} AS from_air`;

async function find(trx: Knex, where: string, values: Knex.RawBinding[]): Promise<KnownTrack[]> {
  const { rows } = await trx.raw(
    `SELECT ${COLUMNS} FROM tracks t WHERE ${where} ORDER BY t.id FOR UPDATE OF t`,
    values,
  );
  return rows.map((row: Record<string, never>) => ({
    id: Number(row.id),
    title: row.title,
    titleKey: row.title_key,
    artistKeys: row.artist_keys,
    isrc: row.isrc ?? undefined,
    durationS: row.duration_s ?? undefined,
    source: row.source,
    sameAs: row.same_as === null ? undefined : Number(row.same_as),
    fromAir: row.from_air,
  }));
}

export async function findById(trx: Knex, id: number): Promise<KnownTrack | undefined> {
  return (await find(trx, 't.id = ?', [id]))[0];
}

export async function findByIsrc(trx: Knex, isrc: string): Promise<KnownTrack | undefined> {
  return (await find(trx, 't.isrc = ?', [isrc]))[0];
}

export async function findByExternalId(
  trx: Knex,
  source: string,
  externalId: string,
): Promise<KnownTrack | undefined> {
  return (await find(trx, 't.source = ? AND t.external_id = ?', [source, externalId]))[0];
}

/** Tracks with this title whose performers are exactly these, in any order. */
export async function findByNames(
  trx: Knex,
  title: string,
  artists: readonly string[],
): Promise<KnownTrack[]> {
  const wanted = keysOf(artists);
  const candidates = await find(trx, 't.title_key = ?', [nameKey(title)]);
  return candidates.filter(({ artistKeys }) => [...artistKeys].sort().join('\n') === wanted.join('\n'));
}

/** The keys of performers, sorted, each once. */
export function keysOf(artists: readonly string[]): string[] {
  return [...new Set(artists.map(nameKey).filter((key) => key !== ''))].sort();
}

/**
 * An ISRC belongs to one recording, but taggers copy it to others. Two that carry the same one are believed to be the
 * same when they last as long (5 s or 5 % apart at most, where both are known) and share the title or a performer.
 */
export function mayShareIsrc(known: KnownTrack, recording: NewRecording): boolean {
  const { durationS } = recording;
  if (known.durationS !== undefined && durationS !== undefined) {
    const apart = Math.abs(known.durationS - durationS);
    if (apart > Math.max(5, 0.05 * Math.max(known.durationS, durationS))) return false;
  }
  if (known.titleKey === nameKey(recording.title)) return true;
  const artists = keysOf(recording.artists);
  return known.artistKeys.some((key) => artists.includes(key));
}
