import type { SessionEnded, SessionId } from '../capture/types';
import type { DetectionMethod, RecognitionReport, TrackLine } from '../recognition/types';
import { continuedBy, isEcho } from './continuation';
import { Draft, type Stretch } from './draft';
import { Output, type Segmented } from './segmented';
import { Session } from './segmenter-session';
import type { Play } from './types';
import type { Unit } from './unknown-music';
import { CUT_S, MIN_UNKNOWN_S, UnknownPlays } from './unknown-plays';

/** A gap may last 20 s, and the line after it is accepted up to this much later, seconds. */
const ACCEPTANCE_S = 20;
const HOLD_S = 20 + ACCEPTANCE_S;
/** A stream that is back within this time may go on with the same play, seconds. */
const RETURN_S = 60;
/** After a restart of the service the alignment alone tells: a longer hole is allowed, seconds. */
const RESTART_GAP_S = 300;
/** The recogniser may be this far behind when a session ends, seconds. */
const LAG_S = 120;
/** A station's own title may come this long after the song's start, seconds. */
const TITLE_LAG_S = 30;
/** A title that changes sooner is a slogan between two lines of the station's own, not a song's, seconds. */
const TITLE_STOOD_S = 60;
/** A play that the recogniser believes less than this when it is over was another recording with the same sound. */
export const DOUBTFUL = 0.2;

export interface SegmenterOptions {
  readonly stationId: number;
  /** Makes a play's id (UUID v7) for a start in ms. */
  readonly newId: (startedAt: number) => string;
  /** The track of which this one is a duplicate, or itself. */
  readonly sameAs?: (trackId: number) => number;
  /** Whether a short unknown stretch (under 20 s) is a known jingle; seconds of the session. */
  readonly isJingle?: (stretch: { sessionId: SessionId; fromS: number; toS: number }) => boolean;
}

/**
 * One station's recognition reports in, plays out. It knows no clock and no I/O: the same calls give the same plays.
 * Reports may come after their session's end, and after the next session has begun.
 */
export class Segmenter {
  readonly #options: SegmenterOptions;
  readonly #sessions = new Map<SessionId, Session>();
  /** The last sessions that are over: their ids never come back to life. */
  #over: SessionId[] = [];
  #drafts: Draft[] = [];
  readonly #out = new Output();
  readonly #unknownPlays: UnknownPlays;

  constructor(options: SegmenterOptions) {
    this.#options = options;
    this.#unknownPlays = new UnknownPlays(this.#out, options.isJingle, (session, fromS, kind) =>
      this.#newDraft(session, fromS, kind),
    );
  }

  /** Takes up the plays that were open when the service stopped; they go on, or are closed by `tick` as cut. */
  resume(open: readonly Play[], nowMs: number): Segmented {
    for (const play of open) {
      const draft = Draft.resumed(play);
      this.#drafts.push(draft);
      draft.lost = { atMs: nowMs, reason: 'restart', maxGapS: RESTART_GAP_S };
      // Unknown music has no alignment by which it could be known again.
      if (draft.last.ref === undefined) this.#close(draft);
    }
    return this.#out.drain();
  }

  sessionStarted(sessionId: SessionId): Segmented {
    this.#session(sessionId);
    return this.#out.drain();
  }

  /**
   * What the recogniser heard.
   * @param sampleZeroAt when the session's sample 0 was on the air by the best estimate now, ms
   */
  report(report: RecognitionReport, sampleZeroAt: number): Segmented {
    const session = this.#session(report.sessionId);
    if (!session) {
      this.#out.note({ what: 'late', sessionId: report.sessionId });
      return this.#out.drain();
    }
    session.zeroMs = sampleZeroAt;
    // A report that only closes lines has heard nothing new.
    if (report.hopS > 0) session.hopS = report.hopS;
    for (const draft of this.#drafts) {
      if (draft.sessionId === session.id && draft.status === 'open') draft.zeroMs = sampleZeroAt;
    }
    session.music.hop(Math.max(session.upToS, report.upToS - report.hopS), report.upToS, report.content);
    session.upToS = Math.max(session.upToS, report.upToS);
    for (const line of report.lines) this.#line(session, line);
    session.endSilentLines();
    this.#settleOthers(session);
    const { ended } = session;
    if (ended && session.upToS >= ended.totalS - 1.5 * session.hopS) this.#settle(session);
    this.#endHolds(session);
    this.#unknownPlays.update(session);
    this.#expireLost(sampleZeroAt + session.upToS * 1000);
    return this.#out.drain();
  }

  /** @param totalS seconds of audio that the session gave; @param nowMs wall clock */
  sessionEnded(event: SessionEnded, totalS: number, nowMs: number): Segmented {
    const session = this.#session(event.sessionId);
    if (!session) return this.#out.drain();
    session.ended = { totalS, atMs: nowMs, reason: event.fault ?? 'paused' };
    if (session.upToS >= totalS - 1.5 * session.hopS) {
      this.#settle(session);
      this.#unknownPlays.update(session);
    }
    return this.#out.drain();
  }

  /** Nothing more of an ended session will be reported. */
  drained(sessionId: SessionId): Segmented {
    const session = this.#sessions.get(sessionId);
    if (session?.ended && !session.settled) {
      this.#settle(session);
      this.#unknownPlays.update(session);
    }
    return this.#out.drain();
  }

  /** To be called every few seconds: what waits for a stream that does not come back is closed. */
  tick(nowMs: number): Segmented {
    for (const session of this.#sessions.values()) {
      if (session.ended && !session.settled && nowMs - session.ended.atMs > LAG_S * 1000) {
        this.#settle(session);
        this.#unknownPlays.update(session);
      }
    }
    this.#expireLost(nowMs);
    return this.#out.drain();
  }

  /** The service stops: everything as it stands now, still open, so that the next run can go on from here. */
  suspend(): Segmented {
    for (const session of this.#sessions.values()) {
      for (const unit of session.music.units) {
        if (!unit.draft && !unit.finished && unit.to - unit.from >= MIN_UNKNOWN_S)
          this.#unknownPlays.write(session, unit);
      }
    }
    for (const draft of this.#drafts) {
      if (draft.status === 'open' && Math.round(draft.endMs) > draft.writtenEndMs) this.#out.write(draft);
    }
    return this.#out.drain();
  }

  /**
   * An outside service has named unknown music of which the play is still in the making here.
   * @returns undefined when it is not: then the database has its last revision
   */
  identified(
    playId: string,
    trackId: number,
    method: DetectionMethod,
    confidence?: number,
  ): Segmented | undefined {
    const draft = this.#drafts.find(({ id }) => id === playId);
    if (draft?.kind !== 'unknown') return undefined;
    draft.kind = 'track';
    draft.trackId = this.#canonical(trackId);
    draft.method = method;
    if (confidence !== undefined) draft.confidence = confidence;
    this.#out.write(draft);
    return this.#out.drain();
  }

  /** What the station says that it plays since session second `atS`: a hint, kept with plays that begin about then. */
  title(sessionId: SessionId, title: string, atS: number): void {
    const session = this.#session(sessionId);
    if (!session) return;
    if (title === session.title) return;
    // A title that stood for a song's time has given way: unknown music before and after it is not one song.
    if (session.titleAtS !== undefined && atS - session.titleAtS >= TITLE_STOOD_S) session.music.split(atS);
    session.title = title;
    session.titleAtS = atS;
    for (const draft of this.#drafts) {
      if (draft.status !== 'open' || draft.carrier !== sessionId) continue;
      const startS = draft.startS - session.shiftTo(draft);
      if (draft.streamTitle === undefined || atS - startS < TITLE_LAG_S) draft.streamTitle = title;
    }
  }

  /** The play that is being heard now, as last written; the one that began last, where two overlap. */
  get now(): Play | undefined {
    const unit = (draft: Draft) => this.#units().find((u) => u.draft === draft);
    return this.#drafts.findLast(
      (draft) => draft.status === 'open' && (draft.open || unit(draft)?.finished === false),
    )?.written;
  }

  #line(session: Session, line: TrackLine): void {
    const key = line.lineId;
    let draft = session.lines.get(key)?.draft;
    if (!draft) {
      draft = this.#draftFor(session, line);
      if (!draft) {
        session.echoes.add(key);
        if (line.closed) {
          session.echoes.delete(key);
          this.#out.note({ what: 'echo', trackId: line.trackId, fromS: line.startS, toS: line.endS });
        }
        return;
      }
      session.echoes.delete(key);
      const stretch: Stretch = { fromS: 0, toS: 0, startErrorS: 0, endErrorS: 0, open: true };
      draft.stretches.push(stretch);
      session.lines.set(key, { draft, stretch });
    }
    if (draft.status !== 'open') return;
    const { stretch } = session.lines.get(key)!;
    const shiftS = session.shiftTo(draft);
    Object.assign(stretch, {
      fromS: line.startS + shiftS,
      toS: Math.max(line.startS, line.endS) + shiftS,
      startErrorS: line.startErrorS,
      endErrorS: line.endErrorS,
      open: !line.closed,
      ref: {
        fromS: line.refStartS,
        toS: line.refEndS,
        tempo: line.tempo,
        pitch: line.pitch,
        durationS: line.trackDurationS,
        trackId: line.trackId,
      },
      windows: line.windows,
      bestZ: line.bestZ,
      confidence: line.confidence,
      seenAtS: session.upToS,
    } satisfies Stretch);
    if (line.closed && !draft.open && draft.atRecordingEnd) this.#close(draft);
    else this.#out.writeProgress(draft);
  }

  /** The play to which a new line belongs: one that it continues, or a new one; undefined for an echo. */
  #draftFor(session: Session, line: TrackLine): Draft | undefined {
    const trackId = this.#canonical(line.trackId);
    const ofTrack = this.#drafts.filter((draft) => draft.trackId === trackId);
    const shift = (draft: Draft) => session.shiftTo(draft);
    const continued = continuedBy(line, ofTrack, session);
    if (continued) {
      continued.status = 'open';
      delete continued.lost;
      continued.carrier = session.id;
      session.drafts.add(continued);
      for (const unit of session.music.units) if (unit.draft === continued) session.music.release(unit);
      return continued;
    }
    // Also of a play that has ended: its echo may be heard a little longer than it.
    if (ofTrack.some((draft) => isEcho(draft, line, shift(draft)))) return undefined;
    const draft = this.#adopted(session, line) ?? this.#newDraft(session, line.startS, 'track');
    draft.kind = 'track';
    draft.trackId = trackId;
    draft.method = 'local';
    session.drafts.add(draft);
    return draft;
  }

  /** An unknown play, already written, that turns out to be this line's beginning becomes its play. */
  #adopted(session: Session, line: TrackLine): Draft | undefined {
    const unit = session.music.units.find(
      ({ draft, from, to }) =>
        draft?.kind === 'unknown' &&
        to > line.startS &&
        line.startS - from < MIN_UNKNOWN_S &&
        from < line.endS,
    );
    if (!unit?.draft) return undefined;
    const { draft } = unit;
    session.music.release(unit);
    draft.status = 'open';
    delete draft.cutReason;
    draft.stretches = [];
    // Its next revision is another play: it does not wait for progress.
    draft.writtenEndMs = Number.NEGATIVE_INFINITY;
    return draft;
  }

  #newDraft(session: Session, fromS: number, kind: Play['kind']): Draft {
    const zeroMs = session.zeroMs ?? 0;
    const id = this.#options.newId(Math.max(0, Math.round(zeroMs + fromS * 1000)));
    const draft = new Draft(id, this.#options.stationId, session.id, zeroMs, kind);
    if (session.title !== undefined) draft.streamTitle = session.title;
    this.#drafts.push(draft);
    return draft;
  }

  /** A newer session speaks: a station's audio is heard in order, so nothing more of an ended one will come. */
  #settleOthers(current: Session): void {
    for (const session of this.#sessions.values()) {
      if (session !== current && session.ended && !session.settled && !current.ended) {
        this.#settle(session);
        this.#unknownPlays.update(session);
      }
    }
  }

  /** All of an ended session has been heard: its plays wait for the stream's return. */
  #settle(session: Session): void {
    const { ended } = session;
    if (!ended || session.settled) return;
    session.settled = true;
    for (const { stretch } of session.lines.values()) stretch.open = false;
    for (const draft of session.drafts) {
      if (draft.status !== 'open' || draft.lost || draft.open || draft.carrier !== session.id) continue;
      if (draft.atRecordingEnd) {
        this.#close(draft);
        continue;
      }
      const untilEndS = ended.totalS - (draft.endS - session.shiftTo(draft));
      const cut = untilEndS <= CUT_S + draft.last.endErrorS;
      draft.lost = { atMs: ended.atMs, maxGapS: RETURN_S, ...(cut ? { reason: ended.reason } : {}) };
    }
  }

  /** Closes what has been silent for too long to go on. */
  #endHolds(session: Session): void {
    for (const draft of session.drafts) {
      if (draft.status !== 'open' || draft.open || draft.lost || draft.carrier !== session.id) continue;
      if (session.upToS - (draft.endS - session.shiftTo(draft)) > HOLD_S) this.#close(draft);
    }
  }

  #expireLost(nowMs: number): void {
    for (const draft of this.#drafts) {
      if (
        draft.status === 'open' &&
        draft.lost &&
        nowMs - draft.lost.atMs > (RETURN_S + ACCEPTANCE_S) * 1000
      ) {
        this.#close(draft);
      }
    }
    for (const session of this.#sessions.values()) {
      const waiting = [...session.drafts].some(({ status }) => status === 'open');
      if (!session.settled || waiting) continue;
      this.#sessions.delete(session.id);
      this.#over = [...this.#over.slice(-99), session.id];
    }
    const kept = new Set([...this.#sessions.values()].flatMap((session) => [...session.drafts]));
    for (const unit of this.#units()) if (unit.draft) kept.add(unit.draft);
    this.#drafts = this.#drafts.filter((draft) => draft.status === 'open' || kept.has(draft));
  }

  #close(draft: Draft): void {
    if (draft.method === 'local' && (draft.certainty ?? 1) < DOUBTFUL) {
      this.#withdraw(draft);
      return;
    }
    const reason = draft.lost?.reason;
    draft.status = reason === undefined ? 'complete' : 'cut';
    if (reason !== undefined) draft.cutReason = reason;
    delete draft.lost;
    this.#out.write(draft);
  }

  /** It was not that recording after all: its music is nobody's again, and goes on with what comes after it. */
  #withdraw(draft: Draft): void {
    for (const session of this.#sessions.values()) {
      if (!session.drafts.has(draft)) continue;
      session.withdraw(draft);
      if (session.settled) this.#unknownPlays.update(session);
    }
    this.#out.withdraw(draft, draft.last.endErrorS);
    this.#drafts = this.#drafts.filter((other) => other !== draft);
  }

  #units(): Unit[] {
    return [...this.#sessions.values()].flatMap(({ music }) => [...music.units]);
  }

  /** A session's state, made when it is new; undefined when it is over. */
  #session(id: SessionId): Session | undefined {
    const known = this.#sessions.get(id);
    if (known || this.#over.includes(id)) return known;
    const session = new Session(id);
    this.#sessions.set(id, session);
    return session;
  }

  #canonical(trackId: number): number {
    return this.#options.sameAs?.(trackId) ?? trackId;
  }
}
