import { type Fingerprint, timeOf, unpackFingerprint } from './fingerprint';
import { FRAMES_PER_SECOND, PER_FRAME } from './params';
import type { QuietEdges } from './quiet-edges';

/** A recording as the index takes it. */
export interface ReferenceTrack {
  readonly trackId: number;
  readonly durationS: number;
  /** Packed peaks (`wordOf`), rising. Read more than once while an index is built. */
  readonly words: Uint32Array;
  readonly quiet: QuietEdges;
}

/**
 * The recording that a stored fingerprint tells of.
 * @param room gives the array that its peaks are written to
 * @throws Error when the fingerprint is of another version or damaged
 */
export function referenceOf(
  trackId: number,
  fingerprint: Fingerprint,
  room?: (words: number) => Uint32Array,
): ReferenceTrack {
  return { trackId, durationS: fingerprint.durationS, ...unpackFingerprint(fingerprint, room) };
}

/** No more than this of an edge is thought to have gone by unheard, frames: longest talk over a song's end. */
const FAINT = 10 * FRAMES_PER_SECOND;

/**
 * Frames at a recording's edges where not being heard says nothing against it: it is quiet there, or has no peaks (silence,
 * or a reference from the air).
 */
export function faintEdges({ words, durationS, quiet }: ReferenceTrack): QuietEdges {
  const first = words.length === 0 ? 0 : timeOf(words[0]!) / PER_FRAME;
  const last = words.length === 0 ? 0 : timeOf(words.at(-1)!) / PER_FRAME;
  const faint = (bare: number, silent: number) =>
    Math.min(FAINT, Math.max(bare < FRAMES_PER_SECOND ? 0 : bare, silent));
  return { start: faint(first, quiet.start), end: faint(durationS * FRAMES_PER_SECOND - last, quiet.end) };
}
