import type { Logger } from '../log';
import type { Fingerprint } from '../recognition/local/fingerprint';
import type { DetectionMethod, Identification, StageOutcome } from '../recognition/types';

interface NamingOptions {
  readonly log: Logger;
  /** What an outside service said becomes a track, with what was heard as its reference. */
  identified(
    identification: Identification,
    method: Exclude<DetectionMethod, 'local'>,
    fingerprint: Fingerprint | undefined,
  ): Promise<number>;
  fingerprint(playId: string): Promise<Fingerprint | undefined>;
  playIdentified(
    playId: string,
    trackId: number,
    method: DetectionMethod,
    confidence?: number,
  ): Promise<void>;
}

/**
 * An outside service named an unknown play: its answer becomes a track of the library, what was heard becomes the
 * track's reference, and the play gets a revision that names it.
 */
export async function nameUnknown(
  { log, identified, fingerprint, playIdentified }: NamingOptions,
  playId: string,
  { method, identification }: StageOutcome,
): Promise<void> {
  if (!identification || method === 'local') return;
  const heard = await fingerprint(playId);
  const trackId = await identified(identification, method, heard);
  await playIdentified(playId, trackId, method, identification.confidence);
  log.info({ playId, trackId, method }, `Musique inconnue nommée par ${method} : ${identification.title}`);
}
