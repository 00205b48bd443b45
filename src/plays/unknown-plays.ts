import type { SessionId } from '../capture/types';
import type { Draft, Stretch } from './draft';
import type { Output } from './segmented';
import type { Session } from './segmenter-session';
import type { PlayKind } from './types';
import { musicIn, type Unit } from './unknown-music';

/** Unknown music shorter than this is no play, seconds. */
export const MIN_UNKNOWN_S = 20;
/** Unknown music is written no earlier than this: a line that is accepted late still takes its beginning, seconds. */
const PENDING_S = 30;
/** The same beside a play that may yet go on, seconds. */
const PENDING_BESIDE_S = 45;
/** A song that was heard until this close to the end of its session was cut by it, seconds. */
export const CUT_S = 12;

/** Makes plays of the music that no recognised play explains. */
export class UnknownPlays {
  readonly #out: Output;
  readonly #isJingle:
    | ((stretch: { sessionId: SessionId; fromS: number; toS: number }) => boolean)
    | undefined;
  readonly #newDraft: (session: Session, fromS: number, kind: PlayKind) => Draft;

  constructor(
    out: Output,
    isJingle: ((stretch: { sessionId: SessionId; fromS: number; toS: number }) => boolean) | undefined,
    newDraft: (session: Session, fromS: number, kind: PlayKind) => Draft,
  ) {
    this.#out = out;
    this.#isJingle = isJingle;
    this.#newDraft = newDraft;
  }

  /** Music that no play explains: written, prolonged, shortened, closed. */
  update(session: Session): void {
    const { upToS, settled, music } = session;
    const covered = session.coverage();
    for (const unit of music.update(upToS, covered, session.hopS, settled)) this.#withdraw(session, unit);
    for (const unit of music.units) {
      const lengthS = unit.to - unit.from;
      // A play beside it may have been withdrawn since: together they are long enough.
      if (unit.dismissed && lengthS < MIN_UNKNOWN_S) continue;
      unit.dismissed = false;
      if (!unit.draft && unit.finished && lengthS < MIN_UNKNOWN_S) {
        this.#dismiss(session, unit);
        continue;
      }
      const beside = covered.some(({ to, held }) => held && Math.abs(to - unit.from) < 3);
      const pendingS = beside ? PENDING_BESIDE_S : PENDING_S;
      if (!unit.draft && !unit.finished && (upToS - unit.from < pendingS || lengthS < MIN_UNKNOWN_S))
        continue;
      this.write(session, unit);
    }
    session.forget();
  }

  /** Writes what a unit is now, if that is news. */
  write(session: Session, unit: Unit): void {
    if (!unit.draft) {
      unit.draft = this.#newDraft(session, unit.from, 'unknown');
      unit.draft.countedS = unit.countedS;
    }
    const { draft } = unit;
    const before = draft.stretches;
    draft.stretches = unit.heard.map(({ from, to }) => ({
      fromS: from,
      toS: to,
      startErrorS: unit.startErrorS,
      endErrorS: unit.endErrorS,
      open: false,
    }));
    const { ended } = session;
    const status = !unit.finished
      ? 'open'
      : ended &&
          session.settled &&
          ended.totalS - unit.to <= CUT_S &&
          !session.coverage().some((c) => c.from >= unit.to)
        ? 'cut'
        : 'complete';
    // Once closed, only another extent is news.
    if (draft.status !== 'open' && !moved(before, draft.stretches)) return;
    if (draft.status === 'open' && status !== 'open') {
      draft.status = status;
      if (status === 'cut') draft.cutReason = ended!.reason;
      this.#out.write(draft);
    } else if (draft.status !== 'open') this.#out.write(draft);
    else this.#out.writeProgress(draft);
    if (draft.kind === 'unknown' && draft.status !== 'open') {
      const newS = Math.max(0, musicIn(unit) - draft.countedS);
      this.#out.unidentified(newS);
      draft.countedS += newS;
    }
  }

  /** Covered wholly by a recognised play after it was written: nothing is left of it, and its history says so. */
  #withdraw(session: Session, unit: Unit): void {
    if (unit.draft?.kind === 'unknown') this.#out.withdraw(unit.draft, session.hopS);
  }

  #dismiss(session: Session, unit: Unit): void {
    unit.dismissed = true;
    const stretch = { sessionId: session.id, fromS: unit.from, toS: unit.to };
    if (this.#isJingle?.(stretch)) {
      const draft = this.#newDraft(session, unit.from, 'jingle');
      const errors = { startErrorS: unit.startErrorS, endErrorS: unit.endErrorS };
      draft.stretches = [{ fromS: unit.from, toS: unit.to, ...errors, open: false }];
      draft.status = 'complete';
      this.#out.write(draft);
      // Whatever comes to be unknown beside it, it is not of that.
      session.music.split(unit.from);
      session.music.split(unit.to);
      return;
    }
    unit.countedS = musicIn(unit);
    this.#out.unidentified(unit.countedS);
    this.#out.note({ what: 'short_music', ...stretch });
  }
}

function moved(before: readonly Stretch[], after: readonly Stretch[]): boolean {
  const [a, b, c, d] = [before[0]?.fromS, after[0]?.fromS, before.at(-1)?.toS, after.at(-1)?.toS];
  return Math.abs((a ?? 0) - (b ?? 0)) > 0.5 || Math.abs((c ?? 0) - (d ?? 0)) > 0.5;
}
