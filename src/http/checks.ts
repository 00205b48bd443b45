import type { HealthCheck } from './deps';

/** Without a decoder no station is heard. */
export function decodersRun(pids: () => readonly number[]): HealthCheck {
  return {
    name: 'decoders',
    check: async () =>
      pids().length > 0 ? undefined : { fr: 'Aucun décodeur ne tourne.', en: 'No decoder is running.' },
  };
}

/** Before it is loaded nothing is recognised. */
export function libraryIsLoaded(loaded: () => boolean): HealthCheck {
  return {
    name: 'library',
    check: async () =>
      loaded()
        ? undefined
        : { fr: 'La bibliothèque se charge encore.', en: 'The library is still being loaded.' },
  };
}
