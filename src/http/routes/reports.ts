import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { csvStream } from '../csv';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { type DailyReport, dailyReport, type ReportLine } from '../queries/daily-report';
import { valid, day as writtenDay } from '../validate';

const COLUMNS = [
  'day',
  'station',
  'station_simulated',
  'track_id',
  'title',
  'artists',
  'isrc',
  'label',
  'plays',
  'cut',
  'duration_s',
] as const;

type ReportDeps = Pick<HttpDeps, 'knex' | 'clock' | 'stations' | 'countReport'>;

/** `/api/reports/daily?day=2026-11-24`: what was played on a day, per station and recording. */
export function reportRoutes(define: Define, deps: ReportDeps): void {
  const query = z.strictObject({ day: writtenDay });

  const report = async (day: string, format: 'csv' | 'json'): Promise<DailyReport> => {
    const now = deps.clock.now();
    const today = new Date(now).toISOString().slice(0, 10);
    const past = z.string().refine((text) => text <= today, {
      params: { fr: 'ce jour est à venir', en: 'this day is still to come' },
    });
    valid(z.object({ day: past }), { day }, 'invalid_query');
    try {
      const made = await dailyReport(deps.knex, day, now, await deps.stations.coverages(day));
      deps.countReport?.(format, 'success');
      return made;
    } catch (error) {
      deps.countReport?.(format, 'failure');
      throw error;
    }
  };
  const answerCsv = async (ctx: RouterContext, day: string) => {
    const made = await report(day, 'csv');
    ctx.attachment(`releve-${day}.csv`);
    ctx.type = 'text/csv; charset=utf-8; header=present';
    ctx.body = csvStream(COLUMNS, rowsOf(made));
  };

  define('get', '/api/reports/daily', { access: 'read', query }, async (ctx, input) => {
    ctx.vary('Accept');
    if (ctx.accepts('application/json', 'text/csv') === 'text/csv') return answerCsv(ctx, input.query.day);
    ctx.body = await report(input.query.day, 'json');
  });

  define('get', '/api/reports/daily.csv', { access: 'read', query }, (ctx, input) =>
    answerCsv(ctx, input.query.day),
  );
}

function rowsOf({ day, lines }: DailyReport) {
  return lines.map(({ station, track, plays, cut, duration_s }: ReportLine) => [
    day,
    station.name,
    station.simulated,
    track.id,
    track.title,
    track.artists.join(' ; '),
    track.isrc,
    track.label,
    plays,
    cut,
    duration_s,
  ]);
}
