import type { Identification } from '../types';
import type { RecognizeResult } from './answer';

/** AudD's result as an identification. It computes no confidence, so there is none. */
export function identify(result: RecognizeResult): Identification {
  const isrc = isrcOf(result);
  const timecodeS = secondsOf(result.timecode);
  const externalId = result.song_link || result.musicbrainz?.[0]?.id;
  return {
    title: result.title,
    artists: [result.artist],
    ...(result.album ? { album: result.album } : {}),
    ...(result.label ? { label: result.label } : {}),
    ...(isrc === undefined ? {} : { isrc }),
    ...(externalId ? { externalId } : {}),
    ...(timecodeS === undefined ? {} : { timecodeS }),
  };
}

/** `mm:ss` or `hh:mm:ss` in seconds; `undefined` for anything else. */
export function secondsOf(timecode: string | null | undefined): number | undefined {
  const parts = /^(?:(\d+):)?(\d{1,2}):(\d{1,2})$/.exec(timecode?.trim() ?? '');
  if (!parts) return undefined;
  return Number(parts[1] ?? 0) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
}

/**
 * The ISRC that most of the services in the answer give. Where they disagree evenly there is none: an ISRC decides who
 * is paid.
 */
export function isrcOf(result: RecognizeResult): string | undefined {
  // Each service has one vote, whichever of a recording's codes it lists.
  const votes = [
    [result.apple_music?.isrc],
    [result.spotify?.external_ids?.isrc],
    [result.deezer?.isrc],
    result.musicbrainz?.flatMap(({ isrcs }) => isrcs ?? []) ?? [],
  ].map((codes) => new Set(codes.map(normalised).filter((code) => code !== undefined)));
  const counts = new Map<string, number>();
  for (const vote of votes) for (const code of vote) counts.set(code, (counts.get(code) ?? 0) + 1);
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  if (!first || (second && second[1] === first[1])) return undefined;
  return first[0];
}

function normalised(code: string | null | undefined): string | undefined {
  const plain = code?.replace(/[\s-]/g, '').toUpperCase();
  return plain && /^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$/.test(plain) ? plain : undefined;
}
