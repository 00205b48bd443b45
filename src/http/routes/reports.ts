import type { RouterContext } from '@koa/router';
import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import { instruments } from '../../../otel/metrics/instruments';
import type { DailyTrack } from '../../plays/daily-report';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { type DailyView, dailyView } from '../report-view';
import { valid, day as writtenDay } from '../validate';

type ReportDeps = Pick<HttpDeps, 'clock' | 'stations' | 'plays'>;

/** `/api/reports/daily?day=2026-11-24`: what was played on a day, per station and recording. */
export function reportRoutes(define: Define, { clock, stations, plays }: ReportDeps): void {
  const query = z.strictObject({ day: writtenDay });

  const made = async (
    day: string,
    format: 'csv' | 'json',
  ): Promise<{ view: DailyView; tracks: readonly DailyTrack[] }> => {
    const now = clock.now();
    refuseFuture(day, now);
    try {
      const [report, list, coverages] = await Promise.all([
        plays.dailyReport(day),
        stations.list(),
        stations.coverages(day),
      ]);
      instruments.reportsGenerated.add(1, { format, status: 'success' });
      return { view: dailyView(report, list, coverages, now), tracks: report.tracks };
    } catch (error) {
      instruments.reportsGenerated.add(1, { format, status: 'failure' });
      throw error;
    }
  };
  const answerCsv = async (ctx: RouterContext, day: string) => {
    const { tracks } = await made(day, 'csv');
    ctx.attachment(`releve-${day}.csv`);
    ctx.type = 'text/csv; charset=utf-8; header=present';
    ctx.body = csvOf(day, tracks);
  };

  define('get', '/api/reports/daily', { access: 'read', query }, async (ctx, input) => {
    ctx.vary('Accept');
    if (ctx.accepts('application/json', 'text/csv') === 'text/csv') return answerCsv(ctx, input.query.day);
    ctx.body = (await made(input.query.day, 'json')).view;
  });

  define('get', '/api/reports/daily.csv', { access: 'read', query }, (ctx, input) =>
    answerCsv(ctx, input.query.day),
  );
}

function refuseFuture(day: string, now: number): void {
  const today = new Date(now).toISOString().slice(0, 10);
  const past = z.string().refine((text) => text <= today, {
    params: { fr: 'ce jour est à venir', en: 'this day is still to come' },
  });
  valid(z.object({ day: past }), { day }, 'invalid_query');
}

const COLUMNS: readonly (readonly [string, (line: DailyTrack) => string | number | undefined])[] = [
  ['Station', (line) => line.stationName],
  ['Simulée', (line) => (line.simulated ? 'oui' : 'non')],
  ['N° du titre', (line) => line.trackId],
  ['Titre', (line) => line.title],
  ['Artistes', (line) => line.artists.join(' ; ')],
  ['ISRC', (line) => line.isrc],
  ['Label', (line) => line.label],
  ['Diffusions', (line) => line.plays],
  ['Dont coupées', (line) => line.cut],
  ['Dont en cours', (line) => line.open],
  ['Durée (s)', (line) => line.seconds.toFixed(1)],
];

/** For French spreadsheets, like the export of plays: semicolons, the mark of UTF-8, formulas defused. */
function csvOf(day: string, lines: readonly DailyTrack[]): string {
  return stringify(
    lines.map((line) => [day, ...COLUMNS.map(([, value]) => value(line))]),
    {
      delimiter: ';',
      record_delimiter: '\r\n',
      escape_formulas: true,
      bom: true,
      header: true,
      columns: ['Jour', ...COLUMNS.map(([name]) => name)],
    },
  );
}
