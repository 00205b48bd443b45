import type { Knex } from 'knex';
import { v7 as uuid } from 'uuid';
import type { Play } from '../../src/plays/types';

/** A station and a track in the database, for plays to refer to. */
export async function stationAndTrack(
  knex: Knex,
  names: { station?: string; title?: string; artists?: string[]; isrc?: string } = {},
): Promise<{ stationId: number; trackId: number }> {
  const name = names.station ?? `Station ${uuid()}`;
  const [station] = await knex('stations')
    .insert({ name, url: `http://${uuid()}.example/` })
    .returning('id');
  const title = names.title ?? 'Titre';
  const [track] = await knex('tracks')
    .insert({ title, source: 'import', isrc: names.isrc ?? null, duration_s: 200 })
    .returning('id');
  for (const [position, artist] of (names.artists ?? []).entries()) {
    const [row] = await knex('artists')
      .insert({ name: artist, name_key: artist.toLowerCase() })
      .onConflict('name_key')
      .merge()
      .returning('id');
    await knex('track_artists').insert({ track_id: track.id, artist_id: row.id, position });
  }
  return { stationId: Number(station.id), trackId: Number(track.id) };
}

/** A track play of three minutes, changed as wanted. */
export function playOf(ids: { stationId: number; trackId: number }, more: Partial<Play> = {}): Play {
  const startedAt = more.startedAt ?? Date.UTC(2026, 10, 1, 8);
  return {
    id: uuid({ msecs: startedAt }),
    revision: 1,
    kind: 'track',
    status: 'complete',
    method: 'local',
    confidence: 0.98,
    startedAt,
    startErrorS: 0.5,
    endedAt: startedAt + 180_000,
    endErrorS: 1,
    evidence: {
      sessionId: `${ids.stationId}-s`,
      heard: [{ fromS: 0, toS: 180, refFromS: 0, refToS: 180 }],
      windows: 70,
    },
    ...ids,
    ...more,
  };
}

/** The same without a track. */
export function unknownOf(stationId: number, more: Partial<Play> = {}): Play {
  const { trackId: _, method: __, confidence: ___, ...play } = playOf({ stationId, trackId: 0 }, more);
  return { ...play, kind: 'unknown' };
}
