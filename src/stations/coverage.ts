import type { Knex } from 'knex';

/** How much of a day a station was heard. */
export interface Coverage {
  /** Seconds in which audio came, sound or silence. */
  readonly heardS: number;
  /** Seconds of the day that could have been heard: from the station's first day's start on, until now. Above 0. */
  readonly elapsedS: number;
  /** 0–1. */
  readonly ratio: number;
}

/**
 * Seconds heard per station. A listening or silent state lasts until the next state; only where the next one is a new
 * start of the service (or there is none yet) it lasts as far as it was confirmed: nobody knows what was heard after.
 */
const QUERY = `
  WITH bounds AS (
    SELECT st.id AS station_id,
           greatest(?::timestamptz, least(st.created_at,
             (SELECT min(f.since) FROM station_states f WHERE f.station_id = st.id))) AS from_at,
           least(?::timestamptz, ?::timestamptz) AS to_at
    FROM stations st WHERE st.removed_at IS NULL OR st.id = ?::bigint
  ), spans AS (
    SELECT s.station_id, s.state, s.since, s.heard_until,
           lead(s.since) OVER w AS next_since, lead(s.state) OVER w AS next_state
    FROM station_states s
    WHERE s.since < ?::timestamptz + interval '1 hour' AND (?::bigint IS NULL OR s.station_id = ?::bigint)
      AND s.id >= coalesce((SELECT max(p.id) FROM station_states p
                            WHERE p.station_id = s.station_id AND p.since <= ?::timestamptz), 0)
    WINDOW w AS (PARTITION BY s.station_id ORDER BY s.since, s.id)
  ), heard AS (
    SELECT station_id, since,
           CASE WHEN next_since IS NOT NULL AND next_state <> 'starting' THEN next_since
                ELSE least(greatest(since, heard_until), coalesce(next_since, 'infinity')) END AS until
    FROM spans WHERE state IN ('listening', 'silent')
  )
  SELECT b.station_id,
         extract(epoch FROM b.to_at - b.from_at)::double precision AS elapsed,
         coalesce((SELECT sum(extract(epoch FROM least(h.until, b.to_at) - greatest(h.since, b.from_at)))
                   FROM heard h WHERE h.station_id = b.station_id
                     AND least(h.until, b.to_at) > greatest(h.since, b.from_at)), 0)::double precision AS heard
  FROM bounds b
  WHERE (?::bigint IS NULL OR b.station_id = ?::bigint) AND b.to_at > b.from_at`;

/**
 * Coverage of one day.
 * @param day UTC, `2026-11-24`
 * @param now ms since the epoch
 * @param stationId absent: all stations that are not removed
 */
export async function readCoverage(
  knex: Knex,
  day: string,
  now: number,
  stationId?: number,
): Promise<Map<number, Coverage>> {
  const start = Date.parse(`${day}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(start)) throw new RangeError(`not a day: ${day}`);
  const from = new Date(start);
  const to = new Date(start + 86_400_000);
  const id = stationId ?? null;
  const { rows } = await knex.raw(QUERY, [from, to, new Date(now), id, to, id, id, from, id, id]);
  return new Map(
    rows.map((row: { station_id: string; elapsed: number; heard: number }) => [
      Number(row.station_id),
      { heardS: row.heard, elapsedS: row.elapsed, ratio: Math.min(1, row.heard / row.elapsed) },
    ]),
  );
}
