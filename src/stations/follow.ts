import type { Knex } from 'knex';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { StationStateLog } from './state-log';
import type { StationStore } from './store';
import type { Supervisor } from './supervisor';
import { watchStations } from './watch';

/**
 * Listens to the stations that are stored, and to no others, from now on and whichever process changes the list.
 * @returns stops following the list; what is listened to stays so
 */
export async function followStations(options: {
  readonly knex: Knex;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: Pick<StationStore, 'list' | 'coverages'>;
  readonly supervisor: Pick<Supervisor, 'stations' | 'apply' | 'remove'>;
  readonly stateLog: Pick<StationStateLog, 'forget'>;
}): Promise<() => Promise<void>> {
  const { knex, clock, log, store, supervisor, stateLog } = options;
  const earlierToday = await store.coverages(new Date(clock.now()).toISOString().slice(0, 10));
  const apply = async () => {
    const wanted = await store.list();
    for (const { id } of supervisor.stations()) {
      if (!wanted.some((station) => station.id === id)) {
        stateLog.forget(id);
        await supervisor.remove(id);
      }
    }
    for (const station of wanted) supervisor.apply(station, earlierToday.get(station.id));
  };
  await apply();
  return watchStations({
    ...{ knex, clock, log },
    onChange: () =>
      void apply().catch((error) =>
        log.warn({ err: error }, 'Stations : changements pas encore pris en compte'),
      ),
  });
}
