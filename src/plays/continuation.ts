import type { TrackLine } from '../recognition/types';
import type { Draft } from './draft';
import { overlap } from './intervals';
import type { Session } from './segmenter-session';

/** Speech over a song, or a hole in it, of this length does not end its play, seconds. */
export const MAX_GAP_S = 20;
/** How far a line may stand off its play's alignment within a session, and across two, whose clocks differ, seconds. */
const DRIFT_S = 2;
const DRIFT_ACROSS_S = 6;
/** A line that tells less than this of its own beside a play of the same recording tells nothing, seconds. */
const ECHO_S = 10;
/** Two recordings of one song may begin with different silences, seconds. */
const DRIFT_DUPLICATE_S = 5;

/** The play of its song that a session's new line continues, the last one where several are open. */
export function continuedBy(line: TrackLine, ofTrack: readonly Draft[], session: Session): Draft | undefined {
  const shiftS = (draft: Draft) => session.shiftTo(draft);
  const hears = (draft: Draft) => draft.carrier === session.id;
  const open = ofTrack.findLast(
    (draft) =>
      draft.status === 'open' &&
      continues(draft, line, shiftS(draft), draft.lost === undefined && hears(draft)),
  );
  // At a wrong place of the recording, a play may have come to the recording's end before its own.
  return (
    open ??
    ofTrack.find(
      (draft) => draft.status === 'complete' && hears(draft) && outlasts(draft, line, shiftS(draft)),
    )
  );
}

/**
 * Whether a new line continues a play of the same song: it stands where that play would be by now.
 * @param shiftS what to add to the line's seconds to get the play's
 * @param sameSession the play's latest audio is of the line's session
 */
function continues(draft: Draft, line: TrackLine, shiftS: number, sameSession: boolean): boolean {
  const { last } = draft;
  const fromS = line.startS + shiftS;
  const toS = line.endS + shiftS;
  const gapS = fromS - last.toS;
  if (gapS > (draft.lost && !sameSession ? draft.lost.maxGapS : MAX_GAP_S)) return false;
  if (toS < draft.startS) return false;
  // Named by an outside service from unmatched music: there is no alignment to compare with.
  if (!last.ref) return true;
  const duplicate = last.ref.trackId !== line.trackId;
  // Two duplicates in the library answer to the same air.
  if (duplicate && -gapS > (toS - fromS) / 2) return true;
  const driftS = line.refStartS - (last.ref.toS + gapS * last.ref.tempo);
  const allowedS = (sameSession ? DRIFT_S : DRIFT_ACROSS_S) + (duplicate ? DRIFT_DUPLICATE_S : 0);
  if (Math.abs(driftS) <= allowedS) return true;
  if (sameSession && outlasts(draft, line, shiftS)) return true;
  // An edited song leaves out a part of the recording; one that goes back has been started again.
  return sameSession && !duplicate && driftS > 0 && gapS >= -DRIFT_S;
}

/**
 * Whether a line of the same recording in the same session goes on after a play with which it shares most of the shorter of
 * the two. A song that repeats itself answers at two places: where the wrong one ends, the right one goes on, and tells of
 * both.
 */
function outlasts(draft: Draft, line: TrackLine, shiftS: number): boolean {
  if (draft.last.ref?.trackId !== line.trackId) return false;
  const heard = { from: line.startS + shiftS, to: line.endS + shiftS };
  const play = { from: draft.startS, to: draft.endS };
  const shorterS = Math.min(heard.to - heard.from, play.to - play.from);
  return heard.to - play.to > ECHO_S && 2 * overlap(heard, play) > shorterS;
}

/**
 * Whether a line that fits no alignment of a play of the same recording is only its echo: a song that repeats itself
 * answers at two places. It is a play of its own once most of it lies where that play is not.
 */
export function isEcho(draft: Draft, line: TrackLine, shiftS: number): boolean {
  const fromS = line.startS + shiftS;
  const toS = line.endS + shiftS;
  const sharedS = overlap({ from: fromS, to: toS }, { from: draft.startS, to: draft.endS });
  if (sharedS === 0) return false;
  const ownS = toS - fromS - sharedS;
  return ownS <= ECHO_S || ownS < (toS - fromS) / 2;
}
