import type { Identification } from '../types';
import type { LookupRecording, LookupResult } from './answer';

/** A recording that MusicBrainz can name. */
type Named = LookupRecording & {
  title: string;
  artists: NonNullable<LookupRecording['artists']>;
};

const isNamed = (recording: LookupRecording): recording is Named =>
  !!recording.title && !!recording.artists && recording.artists.length > 0;

/** AcoustID itself compares only recordings whose durations are this close, seconds. */
export const DURATION_TOLERANCE_S = 7;

/**
 * The best-scored result that MusicBrainz can name, and of its recordings the one whose duration fits the play, then the
 * one that most people submitted. `undefined`: AcoustID knows no name for it.
 * @param durationS duration of the play, seconds
 */
export function choose(results: readonly LookupResult[], durationS: number): Identification | undefined {
  const byScore = [...results].sort((a, b) => b.score - a.score);
  for (const result of byScore) {
    const fits = (recording: Named) =>
      recording.duration !== undefined && Math.abs(recording.duration - durationS) <= DURATION_TOLERANCE_S;
    const named = (result.recordings ?? [])
      .filter(isNamed)
      .sort((a, b) => Number(fits(b)) - Number(fits(a)) || (b.sources ?? 0) - (a.sources ?? 0));
    const best = named[0];
    if (!best) continue;
    const album = albumOf(best);
    return {
      title: best.title,
      artists: best.artists.map(({ name }) => name),
      ...(album === undefined ? {} : { album }),
      confidence: result.score,
      externalId: best.id,
    };
  }
  return undefined;
}

/** An album of the performer's own rather than a compilation, where both are known. */
function albumOf(recording: LookupRecording): string | undefined {
  const titled = (recording.releasegroups ?? []).filter(({ title }) => title);
  const own = titled.find(({ type, secondarytypes }) => type === 'Album' && !secondarytypes?.length);
  return (own ?? titled[0])?.title;
}
