import type { Knex } from 'knex';
import { nameKey } from './name-key';

/**
 * Links performers to a track, in their order, making those that are new. The same performer spelled two ways is one
 * artist, under the spelling that came first.
 */
export async function linkArtists(trx: Knex, trackId: number, names: readonly string[]): Promise<void> {
  const byKey = new Map<string, string>();
  for (const name of names) {
    const key = nameKey(name);
    if (key !== '' && !byKey.has(key)) byKey.set(key, name.trim());
  }
  if (byKey.size === 0) return;
  // In the order of the keys: two transactions that name the same people never wait for each other in a circle.
  const sorted = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = await trx('artists')
    .insert(sorted.map(([name_key, name]) => ({ name_key, name })))
    .onConflict('name_key')
    // Changes nothing, but locks the row and returns it.
    .merge({ name_key: trx.ref('artists.name_key') })
    .returning(['id', 'name_key']);
  const ids = new Map(rows.map((row) => [row.name_key as string, row.id as string]));
  await trx('track_artists').insert(
    [...byKey.keys()].map((key, position) => ({ track_id: trackId, artist_id: ids.get(key)!, position })),
  );
}

/** Takes out artists that no track names any more, so that the count of artists stays true. */
export async function sweepArtists(knex: Knex, artistIds: readonly string[]): Promise<void> {
  for (const id of artistIds) {
    try {
      await knex('artists')
        .where({ id })
        .whereNotExists(knex('track_artists').whereRaw('track_artists.artist_id = artists.id'))
        .delete();
    } catch (error) {
      // Another process has just named this artist again (foreign key): then it stays.
      if ((error as { code?: string }).code !== '23503') throw error;
    }
  }
}
