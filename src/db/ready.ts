import type { Knex } from 'knex';
import type { Clock } from '../clock';
import { explain } from '../command';
import type { Logger } from '../log';
import { migrate } from './database';

/**
 * Waits for PostgreSQL and brings the schema up to date; tries again for as long as it takes.
 * @throws the signal's reason when `ending` is aborted
 */
export async function whenDatabaseIsThere(
  knex: Knex,
  options: { readonly clock: Clock; readonly log: Logger; readonly ending: AbortSignal },
): Promise<void> {
  const { clock, log, ending } = options;
  for (let waitMs = 500; ; waitMs = Math.min(10_000, waitMs * 2)) {
    try {
      const applied = await migrate(knex);
      if (applied > 0) log.info({ applied }, 'Base de données : schéma mis à jour');
      return;
    } catch (error) {
      ending.throwIfAborted();
      log.warn(`${explain(error)} Nouvel essai dans ${waitMs / 1000} s.`);
      await clock.sleep(waitMs, ending);
    }
  }
}
