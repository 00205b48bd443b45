import { MAX_STATION_SERIES } from '../../otel/metrics/catalogue/stations';
import { registerCollector } from '../../otel/metrics/collectors';
import type { Clock } from '../clock';
import type { Supervisor } from './supervisor';
import { STATION_STATES } from './types';

/** Audio within so long makes a station active. */
const ACTIVE_MS = 30_000;

interface Sources {
  readonly supervisor: Pick<Supervisor, 'stations' | 'statuses'>;
  readonly clock: Clock;
  /** When music was last recognised on a station, ms since the epoch; absent before the first time. */
  readonly lastDetectionAt?: (stationId: number) => number | undefined;
}

/**
 * Gives the gauges of the stations at every scrape, from the supervisor's own state. Series per station only for the
 * first 500. The returned function takes them away again.
 */
export function stationMetrics({ supervisor, clock, lastDetectionAt }: Sources): () => void {
  return registerCollector({
    name: 'stations',
    metrics: [
      'activeStations',
      'stations',
      'stationState',
      'stationLastAudio',
      'stationLastDetection',
      'stationCoverage',
      'stationReconnects',
    ],
    collect: (observe) => {
      const now = clock.now();
      const statuses = supervisor.statuses();
      const all = [...statuses.values()];
      const active = all.filter(
        ({ lastAudioAt }) => lastAudioAt !== undefined && now - lastAudioAt <= ACTIVE_MS,
      );
      observe('activeStations', active.length);
      for (const state of STATION_STATES) {
        observe('stations', all.filter((status) => status.state === state).length, { state });
      }
      const named = supervisor.stations().toSorted((a, b) => a.id - b.id);
      for (const { id, name: station } of named.slice(0, MAX_STATION_SERIES)) {
        const status = statuses.get(id);
        if (!status) continue;
        for (const state of STATION_STATES) {
          observe('stationState', status.state === state ? 1 : 0, { station, state });
        }
        const { lastAudioAt, coverageToday } = status;
        const detectedAt = lastDetectionAt?.(id);
        if (lastAudioAt !== undefined) observe('stationLastAudio', lastAudioAt / 1000, { station });
        if (detectedAt !== undefined) observe('stationLastDetection', detectedAt / 1000, { station });
        if (coverageToday !== undefined) observe('stationCoverage', coverageToday, { station });
        observe('stationReconnects', status.reconnectsToday, { station });
      }
    },
  });
}
