import type { Logger } from '../log';
import { type Fingerprint, withoutEdges } from '../recognition/local/fingerprint';
import { FINGERPRINT_VERSION } from '../recognition/local/params';
import type { DetectionMethod, Identification, StageOutcome } from '../recognition/types';

/** The neighbour's sound may reach this far into what was heard, seconds: the bounds of unknown music are not exact. */
const EDGE_S = 6;
/** Shorter than this between the edges recognises little, seconds. */
const SHORTEST_S = 20;
/** Unknown music that is longer than nearly every song may be two of them; AudD has heard one place of it only, seconds. */
const ONE_SONG_S = 420;

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
  const heard = asReference(await fingerprint(playId), method);
  const trackId = await identified(identification, method, heard);
  await playIdentified(playId, trackId, method, identification.confidence);
  log.info({ playId, trackId, method }, `Musique inconnue nommée par ${method} : ${identification.title}`);
}

/** What of unknown music may stand for the recording that it was said to be: never a neighbour's sound. */
function asReference(heard: Fingerprint | undefined, method: DetectionMethod): Fingerprint | undefined {
  if (!heard || heard.durationS < SHORTEST_S + 2 * EDGE_S) return undefined;
  // Kept by an earlier version of the service: the play gets its name, its track no reference.
  if (heard.version !== FINGERPRINT_VERSION) return undefined;
  // AcoustID compares the whole duration: two songs in a row do not pass there.
  if (method === 'audd' && heard.durationS > ONE_SONG_S) return undefined;
  return withoutEdges(heard, EDGE_S);
}
