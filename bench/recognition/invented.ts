import type { Play } from '../../src/plays/types';
import type { TruthEntry } from '../../src/simulator/truth';
import { type Place, sharesSomewhere } from './shared';

/** A play of a recording that was not aired then, and what was. */
export interface InventedPlay {
  readonly play: Play;
  /** What was on the air in its middle; undefined where it was nothing that has a recording. */
  readonly instead: TruthEntry | undefined;
  /** Both recordings contain the same sound there, sample for sample. */
  readonly shared: boolean;
}

/** Mono, 8 kHz: of what was aired, and of a track of the library. */
export interface Recordings {
  of(entry: TruthEntry): Int16Array;
  ofTrack(trackId: number): Int16Array;
}

/** Seconds between the places at which two recordings are compared, and how much of them. */
const STEP_S = 2;
const LENGTHS_S = [8, 4, 2];

/**
 * Judges a play whose recording was not aired at its time: do the two recordings share a sound where it was heard?
 * @param aired everything that was on the air, in order
 */
export function judgeInvented(play: Play, aired: readonly TruthEntry[], recording: Recordings): InventedPlay {
  const candidates = aired.filter(
    ({ startedAt, endedAt }) => startedAt < play.endedAt && endedAt > play.startedAt,
  );
  const middle = (play.startedAt + play.endedAt) / 2;
  const instead =
    candidates.find(({ startedAt, endedAt }) => startedAt <= middle && endedAt >= middle) ?? candidates[0];
  const { trackId } = play;
  const shared =
    trackId !== undefined &&
    candidates.some((entry) =>
      sharesSomewhere(recording.of(entry), recording.ofTrack(trackId), placesAlong(play, entry), LENGTHS_S),
    );
  return { play, instead, shared };
}

/** Places along a play at which `entry` was on the air: in its recording and in the play's. */
function placesAlong({ startedAt, evidence }: Play, entry: TruthEntry): Place[] {
  const places: Place[] = [];
  const beganS = evidence.heard[0]?.fromS ?? 0;
  for (const { fromS, toS, refFromS, refToS } of evidence.heard) {
    if (refFromS === undefined || refToS === undefined) continue;
    for (let s = fromS + STEP_S / 2; s < toS; s += STEP_S) {
      const onAir = startedAt + (s - beganS) * 1000;
      if (onAir < entry.startedAt || onAir > entry.endedAt) continue;
      const a = entry.offsetS + ((onAir - entry.startedAt) / 1000) * entry.speed;
      const b = refFromS + ((s - fromS) / Math.max(0.001, toS - fromS)) * (refToS - refFromS);
      places.push({ a, b });
    }
  }
  return places;
}
