import type { Knex } from 'knex';
import { AppError } from '../errors';

/** One recording on one station on one day. */
export interface DailyTrack {
  readonly stationId: number;
  readonly stationName: string;
  readonly simulated: boolean;
  readonly trackId: number;
  readonly title: string;
  readonly artists: readonly string[];
  readonly label?: string;
  readonly isrc?: string;
  /** Plays that began on the day, of them how many were cut and how many still go on. */
  readonly plays: number;
  readonly cut: number;
  readonly open: number;
  /** Seconds on the air, from each play's start to its end. */
  readonly seconds: number;
  /** First and last start, ms. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Music that nobody has named, per station. */
export interface DailyUnknown {
  readonly stationId: number;
  readonly stationName: string;
  readonly plays: number;
  readonly seconds: number;
}

export interface DailyReport {
  /** `YYYY-MM-DD` in Dakar. */
  readonly day: string;
  readonly tracks: readonly DailyTrack[];
  readonly unknown: readonly DailyUnknown[];
}

/** @param day `YYYY-MM-DD`, Africa/Dakar; @throws AppError `invalid_day` */
export async function dailyReport(knex: Knex, day: string): Promise<DailyReport> {
  const date = new Date(`${day}T00:00:00Z`);
  if (
    !/^\d{4}-\d{2}-\d{2}$/.test(day) ||
    Number.isNaN(date.getTime()) ||
    date.toISOString().slice(0, 10) !== day
  ) {
    throw new AppError('invalid_day', 400, {
      fr: `« ${day} » n'est pas un jour : AAAA-MM-JJ est attendu.`,
      en: `"${day}" is not a day: YYYY-MM-DD is expected.`,
    });
  }
  const within = `p.started_at >= (?::date)::timestamp AT TIME ZONE 'Africa/Dakar'
    AND p.started_at < (?::date + 1)::timestamp AT TIME ZONE 'Africa/Dakar'`;
  const seconds = 'sum(extract(epoch FROM p.ended_at - p.started_at))::double precision AS seconds';
  const tracks = await knex.raw<{ rows: Record<string, never>[] }>(
    `SELECT s.id AS station_id, s.name AS station_name, s.simulated, t.id AS track_id, t.title, t.label, t.isrc,
       (SELECT array_agg(a.name ORDER BY ta.position) FROM track_artists ta JOIN artists a ON a.id = ta.artist_id
        WHERE ta.track_id = t.id) AS artists,
       count(*)::int AS plays, count(*) FILTER (WHERE p.status = 'cut')::int AS cut,
       count(*) FILTER (WHERE p.status = 'open')::int AS open, ${seconds},
       min(p.started_at) AS first_at, max(p.started_at) AS last_at
     FROM plays p JOIN stations s ON s.id = p.station_id JOIN tracks t ON t.id = p.track_id
     WHERE p.kind = 'track' AND ${within}
     GROUP BY s.id, t.id ORDER BY s.name, plays DESC, seconds DESC, t.id`,
    [day, day],
  );
  const unknown = await knex.raw<{ rows: Record<string, never>[] }>(
    `SELECT s.id AS station_id, s.name AS station_name, count(*)::int AS plays, ${seconds}
     FROM plays p JOIN stations s ON s.id = p.station_id
     WHERE p.kind = 'unknown' AND p.ended_at > p.started_at AND ${within}
     GROUP BY s.id ORDER BY s.name`,
    [day, day],
  );
  return {
    day,
    tracks: tracks.rows.map((row) => ({
      stationId: Number(row.station_id),
      stationName: row.station_name!,
      simulated: row.simulated!,
      trackId: Number(row.track_id),
      title: row.title!,
      artists: row.artists ?? [],
      ...(row.label === null ? {} : { label: row.label! }),
      ...(row.isrc === null ? {} : { isrc: row.isrc! }),
      plays: row.plays!,
      cut: row.cut!,
      open: row.open!,
      seconds: row.seconds!,
      firstAt: new Date(row.first_at!).getTime(),
      lastAt: new Date(row.last_at!).getTime(),
    })),
    unknown: unknown.rows.map((row) => ({
      stationId: Number(row.station_id),
      stationName: row.station_name!,
      plays: row.plays!,
      seconds: row.seconds!,
    })),
  };
}
