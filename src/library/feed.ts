import type { Knex } from 'knex';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { LibraryStore } from './store';
import type { Reference } from './types';
import { watchLibrary } from './watch';

/** What of the recogniser is needed. */
interface Recogniser {
  addTrack(track: Reference): void;
  removeTrack(trackId: number): void;
}

/**
 * Keeps a recogniser's index equal to the library, from an empty or loaded index on, whichever process changes the library and
 * however often the database goes away.
 * @returns stops feeding
 */
export function feedRecogniser(options: {
  readonly knex: Knex;
  readonly store: Pick<LibraryStore, 'references'>;
  readonly recogniser: Recogniser;
  /** Version of the fingerprints that the recogniser compares. */
  readonly version: number;
  /** Checksums of what it holds already, by track (`loadLibrary`). */
  readonly known?: ReadonlyMap<number, number>;
  readonly clock: Clock;
  readonly log: Logger;
}): () => Promise<void> {
  const { knex, store, recogniser, version, clock, log } = options;
  return watchLibrary({
    ...{ knex, version, clock, log },
    ...(options.known ? { known: options.known } : {}),
    async onChange({ added, removed }) {
      // Read first: when the database fails here, nothing has changed, and all of it is offered again.
      const references = await store.references(added, version);
      for (const id of removed) recogniser.removeTrack(id);
      for (const reference of references) recogniser.addTrack(reference);
      log.debug({ added: added.length, removed: removed.length }, 'Bibliothèque : index mis à jour');
    },
  });
}
