import type { SessionId } from '../capture/types';
import type { Draft, Stretch } from './draft';
import { type Coverage, UnknownMusic } from './unknown-music';

/** Music is remembered at most this long before now, and so are the plays that cover it, seconds. */
const MEMORY_S = 1300;
/** A line of which nothing is heard for this time is over, even if nobody said so, seconds. */
const SILENT_LINE_S = 45;

/** What the segmenter knows of one session. */
export class Session {
  /** When its second 0 was on the air, ms; unknown before its first report. */
  zeroMs?: number;
  upToS = 0;
  hopS = 2.5;
  /** What the station says that it plays. */
  title?: string;
  /** Since when, seconds. */
  titleAtS?: number;
  ended?: { readonly totalS: number; readonly atMs: number; readonly reason: string };
  /** It has ended and nothing more of it will come. */
  settled = false;
  readonly music = new UnknownMusic();
  /** Lines by their id, with the play that each belongs to and its stretch of it. */
  readonly lines = new Map<number, { draft: Draft; stretch: Stretch }>();
  /** Lines that belong to no play yet. */
  readonly echoes = new Set<number>();
  /** Recognised plays that this session has heard. */
  readonly drafts = new Set<Draft>();

  constructor(readonly id: SessionId) {}

  /** What to add to this session's seconds to get a play's own. */
  shiftTo(draft: Draft): number {
    return draft.sessionId === this.id ? 0 : ((this.zeroMs ?? draft.zeroMs) - draft.zeroMs) / 1000;
  }

  /** Where recognised plays lie; one that is being heard covers everything up to now. */
  coverage(): Coverage[] {
    return [...this.drafts].map((draft) => {
      const shiftS = this.shiftTo(draft);
      const first = draft.stretches.reduce((a, b) => (b.fromS < a.fromS ? b : a));
      return {
        from: draft.startS - shiftS,
        to:
          draft.open && draft.status === 'open'
            ? Math.max(this.upToS, draft.endS - shiftS)
            : draft.endS - shiftS,
        startErrorS: first.startErrorS,
        endErrorS: draft.last.endErrorS,
        held: draft.status === 'open',
      };
    });
  }

  /** The recogniser forgot a line (it was restarted): it ends where it was last heard. */
  endSilentLines(): void {
    for (const { stretch } of this.lines.values()) {
      if (stretch.open && this.upToS - (stretch.seenAtS ?? 0) > SILENT_LINE_S) stretch.open = false;
    }
  }

  /** There was no such play: its music is uncovered. An unknown play before it stays as it is. */
  withdraw(draft: Draft): void {
    const from = draft.startS - this.shiftTo(draft);
    this.drafts.delete(draft);
    for (const [key, line] of this.lines) if (line.draft === draft) this.lines.delete(key);
    if (this.music.units.some((unit) => unit.draft && unit.to === from)) this.music.split(from);
  }

  /** Drops what lies too far back to matter. */
  forget(): void {
    for (const [key, { draft }] of this.lines) {
      if (draft.status !== 'open' && this.upToS - (draft.endS - this.shiftTo(draft)) > MEMORY_S) {
        this.lines.delete(key);
        this.drafts.delete(draft);
      }
    }
  }
}
