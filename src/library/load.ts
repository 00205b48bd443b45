import type { Logger } from '../log';
import { FINGERPRINT_VERSION } from '../recognition/local/params';
import type { LocalRecognizer } from '../recognition/local/recognizer';
import type { LibraryStore } from './store';

/** Reads all references into the recogniser. Returns their checksums, by track. */
export async function loadLibrary(
  library: Pick<LibraryStore, 'fingerprints' | 'outdated'>,
  recognizer: Pick<LocalRecognizer, 'replaceTracks' | 'stats'>,
  log: Logger,
): Promise<Map<number, number>> {
  const began = performance.now();
  const checksums = new Map<number, number>();
  async function* read() {
    for await (const reference of library.fingerprints(FINGERPRINT_VERSION)) {
      checksums.set(reference.trackId, reference.fingerprint.checksum);
      yield reference;
      if (checksums.size % 1000 === 0) log.info({ tracks: checksums.size }, 'Chargement de la bibliothèque…');
    }
  }
  await recognizer.replaceTracks(read());
  const { tracks, bytes } = recognizer.stats();
  const seconds = Math.round(performance.now() - began) / 1000;
  log.info({ tracks, megabytes: Math.round(bytes / 1e5) / 10, seconds }, 'Bibliothèque de référence chargée');
  const outdated = await library.outdated(FINGERPRINT_VERSION);
  if (outdated > 0) {
    log.warn(
      { tracks: outdated },
      'Pistes à réimporter : leur empreinte est d’une version antérieure, elles ne sont pas reconnues (npm run library:import -- <dossier>)',
    );
  }
  return checksums;
}
