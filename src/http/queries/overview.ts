import type { Knex } from 'knex';

/** Figures for the page: what the library holds and what today brought. */
export interface Overview {
  readonly tracks: number;
  readonly artists: number;
  readonly playsToday: number;
  readonly unknownToday: number;
  readonly identifiedTodayS: number;
}

/** @param dayStart beginning of today, UTC, which is Dakar's day too */
export async function overview(knex: Knex, dayStart: Date): Promise<Overview> {
  const { rows } = await knex.raw(
    `SELECT (SELECT count(*) FROM tracks WHERE same_as IS NULL) AS tracks,
            (SELECT count(*) FROM artists) AS artists,
            count(*) FILTER (WHERE kind = 'track') AS plays_today,
            count(*) FILTER (WHERE kind = 'unknown' AND ended_at > started_at) AS unknown_today,
            coalesce(sum(extract(epoch FROM ended_at - started_at)) FILTER (WHERE kind = 'track'), 0)::float8 AS identified_s
     FROM plays WHERE started_at >= ?`,
    [dayStart],
  );
  const [row] = rows;
  return {
    tracks: Number(row.tracks),
    artists: Number(row.artists),
    playsToday: Number(row.plays_today),
    unknownToday: Number(row.unknown_today),
    identifiedTodayS: row.identified_s,
  };
}
