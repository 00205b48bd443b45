import type { Knex } from 'knex';
import type { Clock } from '../clock';
import { listen } from '../db/listen';
import type { Logger } from '../log';

/** Changes are gathered for this long, ms: an import of a file brings many. */
const GATHER_MS = 200;

/**
 * Says that stations were added, changed or removed, by whichever process (`npm run stations:import`, another copy of
 * the service); also after every (re)connect to the database. The listener reads the list and applies it.
 * @returns stops watching
 */
export function watchStations(options: {
  readonly knex: Knex;
  readonly clock: Clock;
  readonly log: Logger;
  onChange(): void;
}): () => Promise<void> {
  const { knex, clock, log, onChange } = options;
  let cancel: (() => void) | undefined;
  const soon = () => {
    cancel ??= clock.after(GATHER_MS, () => {
      cancel = undefined;
      onChange();
    });
  };
  const unlisten = listen({
    ...{ knex, clock, log, channel: 'stations_changed' },
    onNotify: soon,
    onConnected: soon,
  });
  return async () => {
    cancel?.();
    await unlisten();
  };
}
