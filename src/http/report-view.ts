import type { DailyReport } from '../plays/daily-report';
import type { Coverage } from '../stations/coverage';
import type { Station } from '../stations/types';

/** A day's log summed up. A play counts whole, on the day on which it began; days are the same in UTC and in Dakar. */
export interface DailyView {
  readonly day: string;
  readonly generated_at: string;
  /** Nothing can be added to it any more but the names of unknown music. */
  readonly day_over: boolean;
  readonly stations: readonly StationDay[];
  readonly lines: readonly object[];
}

interface StationDay {
  readonly id: number;
  readonly name: string;
  readonly simulated: boolean;
  readonly plays: number;
  readonly identified_s: number;
  readonly unknown_plays: number;
  readonly unidentified_s: number;
  /** Absent where the station did not exist yet, or was removed since. */
  readonly coverage?: { readonly heard_s: number; readonly elapsed_s: number; readonly ratio: number };
}

/** @param now ms since the epoch */
export function dailyView(
  report: DailyReport,
  stations: readonly Station[],
  coverages: ReadonlyMap<number, Coverage>,
  now: number,
): DailyView {
  const over = now >= Date.parse(`${report.day}T00:00:00Z`) + 86_400_000;
  return {
    day: report.day,
    generated_at: new Date(now).toISOString(),
    day_over: over && report.tracks.every(({ open }) => open === 0),
    stations: stationsOf(report, stations).map((station) => stationDay(station, report, coverages)),
    lines: report.tracks.map((line) => ({
      station: { id: line.stationId, name: line.stationName, simulated: line.simulated },
      track: {
        id: line.trackId,
        title: line.title,
        artists: line.artists,
        ...(line.label === undefined ? {} : { label: line.label }),
        ...(line.isrc === undefined ? {} : { isrc: line.isrc }),
      },
      plays: line.plays,
      cut: line.cut,
      open: line.open,
      duration_s: tenths(line.seconds),
      first_at: new Date(line.firstAt).toISOString(),
      last_at: new Date(line.lastAt).toISOString(),
    })),
  };
}

/** Those that are listened to, and those that were on that day. */
function stationsOf(report: DailyReport, stations: readonly Station[]): StationDay[] {
  const known = new Map<number, { id: number; name: string; simulated: boolean }>();
  for (const { id, name, simulated } of stations) known.set(id, { id, name, simulated });
  for (const { stationId: id, stationName: name, simulated } of report.tracks) {
    if (!known.has(id)) known.set(id, { id, name, simulated });
  }
  return [...known.values()].map((station) => ({
    ...station,
    ...{ plays: 0, identified_s: 0, unknown_plays: 0, unidentified_s: 0 },
  }));
}

function stationDay(
  station: StationDay,
  report: DailyReport,
  coverages: ReadonlyMap<number, Coverage>,
): StationDay {
  const lines = report.tracks.filter(({ stationId }) => stationId === station.id);
  const unknown = report.unknown.find(({ stationId }) => stationId === station.id);
  const coverage = coverages.get(station.id);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    ...station,
    plays: sum(lines.map(({ plays }) => plays)),
    identified_s: tenths(sum(lines.map(({ seconds }) => seconds))),
    unknown_plays: unknown?.plays ?? 0,
    unidentified_s: tenths(unknown?.seconds ?? 0),
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
}

/** Rounded to tenths of a second: the error of a play's ends is not smaller. */
function tenths(s: number): number {
  return Math.round(s * 10) / 10;
}
