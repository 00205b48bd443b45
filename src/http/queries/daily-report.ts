import type { Knex } from 'knex';
import type { Coverage } from '../../stations/coverage';

/** Seconds heard of the seconds of the day so far; what the stations' room computes. */
export type Coverages = ReadonlyMap<number, Coverage>;

/** A day's log, as it is summed up for who distributes royalties. A play counts whole, on the day on which it began. */
export interface DailyReport {
  /** UTC, which is Dakar's time too. */
  readonly day: string;
  readonly generated_at: string;
  /** The day is over, and no play of it goes on. */
  readonly final: boolean;
  readonly stations: readonly ReportedStation[];
  readonly lines: readonly ReportLine[];
}

interface ReportedStation {
  readonly id: number;
  readonly name: string;
  readonly simulated: boolean;
  readonly plays: { readonly track: number; readonly unknown: number; readonly jingle: number };
  readonly identified_s: number;
  readonly unidentified_s: number;
  readonly coverage?: { readonly heard_s: number; readonly elapsed_s: number; readonly ratio: number };
}

export interface ReportLine {
  readonly station: { readonly id: number; readonly name: string; readonly simulated: boolean };
  readonly track: {
    readonly id: number;
    readonly title: string;
    readonly artists: readonly string[];
    readonly isrc?: string;
    readonly label?: string;
  };
  readonly plays: number;
  /** Of these, how many were cut. */
  readonly cut: number;
  readonly duration_s: number;
}

const STATIONS = `
  SELECT s.id, s.name, s.simulated,
         count(p.id) FILTER (WHERE p.kind = 'track') AS track,
         count(p.id) FILTER (WHERE p.kind = 'unknown') AS unknown,
         count(p.id) FILTER (WHERE p.kind = 'jingle') AS jingle,
         count(p.id) FILTER (WHERE p.status = 'open') AS open,
         coalesce(sum(extract(epoch FROM p.ended_at - p.started_at)) FILTER (WHERE p.kind = 'track'), 0)::float8 AS identified_s,
         coalesce(sum(extract(epoch FROM p.ended_at - p.started_at)) FILTER (WHERE p.kind = 'unknown'), 0)::float8 AS unidentified_s
  FROM stations s LEFT JOIN plays p ON p.station_id = s.id AND p.started_at >= :from AND p.started_at < :to
  GROUP BY s.id HAVING s.removed_at IS NULL OR count(p.id) > 0
  ORDER BY lower(s.name), s.id`;

const LINES = `
  SELECT s.id AS station_id, s.name AS station_name, s.simulated, t.id AS track_id, t.title, t.isrc, t.label,
         ARRAY(SELECT a.name FROM track_artists ta JOIN artists a ON a.id = ta.artist_id
               WHERE ta.track_id = t.id ORDER BY ta.position) AS artists,
         count(*) AS plays, count(*) FILTER (WHERE p.status = 'cut') AS cut,
         sum(extract(epoch FROM p.ended_at - p.started_at))::float8 AS duration_s
  FROM plays p JOIN stations s ON s.id = p.station_id JOIN tracks t ON t.id = p.track_id
  WHERE p.kind = 'track' AND p.started_at >= :from AND p.started_at < :to
  GROUP BY s.id, t.id
  ORDER BY lower(s.name), s.id, plays DESC, t.title, t.id`;

/**
 * The report of one day.
 * @param day UTC, `2026-11-24`, not in the future
 * @param now ms since the epoch
 */
export async function dailyReport(
  knex: Knex,
  day: string,
  now: number,
  coverages: Coverages,
): Promise<DailyReport> {
  const from = new Date(`${day}T00:00:00Z`);
  const to = new Date(from.getTime() + 86_400_000);
  // One moment for both sums: they must agree with each other.
  const [stations, lines] = await knex.transaction(
    async (trx) => [(await trx.raw(STATIONS, { from, to })).rows, (await trx.raw(LINES, { from, to })).rows],
    { isolationLevel: 'repeatable read', readOnly: true },
  );
  return {
    day,
    generated_at: new Date(now).toISOString(),
    final: now >= to.getTime() && stations.every((row: { open: string }) => Number(row.open) === 0),
    stations: stations.map((row: Record<string, string & number & boolean>) => {
      const coverage = coverages.get(Number(row.id));
      return {
        id: Number(row.id),
        name: row.name,
        simulated: row.simulated,
        plays: { track: Number(row.track), unknown: Number(row.unknown), jingle: Number(row.jingle) },
        identified_s: tenths(row.identified_s!),
        unidentified_s: tenths(row.unidentified_s!),
        ...(coverage === undefined
          ? {}
          : {
              coverage: {
                heard_s: tenths(coverage.heardS),
                elapsed_s: tenths(coverage.elapsedS),
                ratio: coverage.ratio,
              },
            }),
      };
    }),
    lines: lines.map((row: Record<string, string & number & boolean & string[]>) => ({
      station: { id: Number(row.station_id), name: row.station_name, simulated: row.simulated },
      track: {
        id: Number(row.track_id),
        title: row.title,
        artists: row.artists,
        ...(row.isrc === null ? {} : { isrc: row.isrc }),
        ...(row.label === null ? {} : { label: row.label }),
      },
      plays: Number(row.plays),
      cut: Number(row.cut),
      duration_s: tenths(row.duration_s!),
    })),
  };
}

/** Rounded to tenths of a second: the error of a play's ends is not smaller. */
function tenths(s: number): number {
  return Math.round(s * 10) / 10;
}
