import type { Duplicate } from '../../recognition/local/duplicates';
import type { Fingerprint } from '../../recognition/local/fingerprint';
import type { DuplicateFinder } from '../importer';

/** What of the service's own recogniser is needed. */
interface Recogniser {
  findDuplicate(fingerprint: Fingerprint): Promise<Duplicate | undefined>;
  addTrack(track: { readonly trackId: number; readonly fingerprint: Fingerprint }): void;
  /** Resolves when all tracks that were added can be found. */
  settled(): Promise<void>;
}

/** The service's recogniser as a finder of duplicates: its index holds the library already. */
export function duplicatesOf(recogniser: Recogniser): DuplicateFinder {
  return {
    async find(fingerprint) {
      await recogniser.settled();
      return recogniser.findDuplicate(fingerprint);
    },
    added(trackId, fingerprint) {
      recogniser.addTrack({ trackId, fingerprint });
    },
  };
}
