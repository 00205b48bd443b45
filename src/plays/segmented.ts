import type { SessionId } from '../capture/types';
import type { Draft } from './draft';
import type { Play } from './types';

/** A play that goes on is written again after this much more of it, seconds. */
const PROGRESS_S = 20;

/** Something that was heard and is in no play. */
export type SegmenterNote =
  | {
      readonly what: 'short_music';
      readonly sessionId: SessionId;
      readonly fromS: number;
      readonly toS: number;
    }
  | { readonly what: 'echo'; readonly trackId: number; readonly fromS: number; readonly toS: number }
  /** A play of which nothing is left; of a recording, where it was not that one after all. */
  | {
      readonly what: 'withdrawn';
      readonly playId: string;
      readonly trackId?: number;
      readonly confidence?: number;
    }
  /** A report that came when its session had long been closed. */
  | { readonly what: 'late'; readonly sessionId: SessionId };

export interface Segmented {
  /** New revisions, in the order in which they are to be written. */
  readonly plays: readonly Play[];
  /** Seconds of music that have turned out to be of nobody we know. */
  readonly unidentifiedS: number;
  readonly notes: readonly SegmenterNote[];
}

/** Collects what one call of the segmenter gives out. */
export class Output {
  #plays: Play[] = [];
  #notes: SegmenterNote[] = [];
  #unidentifiedS = 0;

  write(draft: Draft): void {
    this.#plays.push(draft.write());
  }

  /** Writes an open play if there is enough more of it. */
  writeProgress(draft: Draft): void {
    if (draft.endMs - draft.writtenEndMs >= PROGRESS_S * 1000) this.write(draft);
  }

  /** Nothing is left of a play: its last revision says so, and a note of whom it was thought to be. */
  withdraw(draft: Draft, errorS: number): void {
    const { id, trackId, certainty } = draft;
    const said = trackId === undefined || certainty === undefined ? {} : { trackId, confidence: certainty };
    this.note({ what: 'withdrawn', playId: id, ...said });
    draft.empty(errorS);
    if (draft.revision > 0) this.write(draft);
  }

  note(note: SegmenterNote): void {
    this.#notes.push(note);
  }

  unidentified(seconds: number): void {
    this.#unidentifiedS += seconds;
  }

  drain(): Segmented {
    const out = { plays: this.#plays, unidentifiedS: this.#unidentifiedS, notes: this.#notes };
    this.#plays = [];
    this.#notes = [];
    this.#unidentifiedS = 0;
    return out;
  }
}
