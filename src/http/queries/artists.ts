import type { Knex } from 'knex';
import { nameKey } from '../../library/name-key';
import { containing } from './like';

export interface ArtistView {
  readonly id: number;
  readonly name: string;
  /** Recordings of the library on which this performer is named; duplicates not counted. */
  readonly tracks: number;
  readonly plays: number;
}

/** Performers by name, those that hold every word of `q` (case and accents aside), with what the library and the log hold. */
export async function listArtists(
  knex: Knex,
  query: { q?: string | undefined; page: number; pageSize: number },
): Promise<{ artists: ArtistView[]; total: number }> {
  const words = nameKey(query.q ?? '')
    .split(' ')
    .filter(Boolean);
  const matching = () => {
    const found = knex('artists as a');
    for (const word of words) found.where('a.name_key', 'like', containing(word));
    return found;
  };
  const rows: { id: string; name: string; tracks: string; plays: string }[] = await matching()
    .select(
      'a.id',
      'a.name',
      knex.raw(`(SELECT count(*) FROM track_artists ta JOIN tracks t ON t.id = ta.track_id
                 WHERE ta.artist_id = a.id AND t.same_as IS NULL) AS tracks`),
      knex.raw(`(SELECT count(*) FROM track_artists ta JOIN plays p ON p.track_id = ta.track_id
                 WHERE ta.artist_id = a.id) AS plays`),
    )
    .orderBy(['a.name_key', 'a.id'])
    .limit(query.pageSize)
    .offset((query.page - 1) * query.pageSize);
  const [{ total }] = (await matching().count({ total: '*' })) as [{ total: string }];
  return {
    artists: rows.map((row) => ({
      id: Number(row.id),
      name: row.name,
      tracks: Number(row.tracks),
      plays: Number(row.plays),
    })),
    total: Number(total),
  };
}
