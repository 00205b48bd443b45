import type { Knex } from 'knex';
import { v7 } from 'uuid';
import { nameKey } from '../../src/library/name-key';

/** A station in the database. */
export async function aStation(
  knex: Knex,
  name: string,
  more: { simulated?: boolean; url?: string } = {},
): Promise<number> {
  const url = more.url ?? `http://radio.example/${encodeURIComponent(name)}`;
  const [row] = await knex('stations')
    .insert({ name, url, simulated: more.simulated ?? false })
    .returning('id');
  return Number(row.id);
}

/** A track with its performers in the database. */
export async function aTrack(
  knex: Knex,
  title: string,
  artists: readonly string[],
  more: { isrc?: string; album?: string; duration_s?: number } = {},
): Promise<number> {
  const [row] = await knex('tracks')
    .insert({ title, title_key: nameKey(title), source: 'import', ...more })
    .returning('id');
  for (const [position, name] of artists.entries()) {
    const [artist] = await knex('artists')
      .insert({ name, name_key: nameKey(name) })
      .onConflict('name_key')
      .merge(['name'])
      .returning('id');
    await knex('track_artists').insert({ track_id: row.id, artist_id: artist.id, position });
  }
  return Number(row.id);
}

/** A play in the database: of a track, or of unknown music. Times are ISO texts. */
export async function aPlay(
  knex: Knex,
  play: {
    station: number;
    track?: number;
    kind?: string;
    status?: string;
    method?: string;
    confidence?: number;
    from: string;
    to: string;
    cutReason?: string;
  },
): Promise<string> {
  const id = v7();
  await knex('plays').insert({
    id,
    revision: 1,
    station_id: play.station,
    kind: play.kind ?? (play.track === undefined ? 'unknown' : 'track'),
    status: play.status ?? 'complete',
    track_id: play.track ?? null,
    method: play.method ?? (play.track === undefined ? null : 'local'),
    confidence: play.confidence ?? null,
    started_at: play.from,
    start_error_s: 0.3,
    ended_at: play.to,
    end_error_s: 0.4,
    cut_reason: play.cutReason ?? null,
    evidence: JSON.stringify({ sessionId: `${play.station}-s`, heard: [{ fromS: 1, toS: 20 }] }),
  });
  return id;
}
