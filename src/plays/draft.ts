import type { SessionId } from '../capture/types';
import type { DetectionMethod } from '../recognition/types';
import type { HeardStretch, Play, PlayKind, PlayStatus } from './types';

/** A stretch on which a play was heard, in seconds of the play's own session. */
export interface Stretch {
  fromS: number;
  toS: number;
  startErrorS: number;
  endErrorS: number;
  /** Still going on. */
  open: boolean;
  /** Where its line stands on the recording; absent for music that no line explains. */
  ref?: { fromS: number; toS: number; tempo: number; pitch: number; durationS: number; trackId: number };
  windows?: number;
  bestZ?: number;
  confidence?: number;
  /** Session second at which its line was last reported. */
  seenAtS?: number;
}

/** Why a play waits for its continuation. */
export interface Lost {
  /** Since when, ms on the wall clock. */
  readonly atMs: number;
  /** The `cutReason` if it does not come back; absent: it had ended before, and is complete. */
  readonly reason?: string;
  /** Longest hole in the play that a continuation may leave, seconds. */
  readonly maxGapS: number;
}

/** A play in the making: what the segmenter changes until it closes. */
export class Draft {
  revision = 0;
  status: PlayStatus = 'open';
  trackId?: number;
  method?: DetectionMethod;
  confidence?: number;
  cutReason?: string;
  streamTitle?: string;
  lost?: Lost;
  stretches: Stretch[] = [];
  /** `endedAt` of the last revision that was given out. */
  writtenEndMs = Number.NEGATIVE_INFINITY;
  /** The last revision that was given out. */
  written?: Play;
  /** The session in which it was heard last: not its own any more, once the stream has been lost and come back. */
  carrier: SessionId;
  /** Seconds of unidentified music already counted for it. */
  countedS = 0;

  constructor(
    readonly id: string,
    readonly stationId: number,
    readonly sessionId: SessionId,
    /** When second 0 of `sessionId` was on the air, ms. */
    public zeroMs: number,
    public kind: PlayKind,
  ) {
    this.carrier = sessionId;
  }

  /** The draft of an open play that an earlier run of the service wrote. */
  static resumed(play: Play): Draft {
    const firstS = play.evidence.heard[0]?.fromS ?? 0;
    const zeroMs = play.startedAt - firstS * 1000;
    const draft = new Draft(play.id, play.stationId, play.evidence.sessionId, zeroMs, play.kind);
    draft.revision = play.revision;
    draft.writtenEndMs = play.endedAt;
    if (play.trackId !== undefined) draft.trackId = play.trackId;
    if (play.method !== undefined) draft.method = play.method;
    if (play.confidence !== undefined) draft.confidence = play.confidence;
    if (play.evidence.streamTitle !== undefined) draft.streamTitle = play.evidence.streamTitle;
    const heard: readonly HeardStretch[] =
      play.evidence.heard.length > 0
        ? play.evidence.heard
        : [{ fromS: 0, toS: (play.endedAt - play.startedAt) / 1000 }];
    const { tempo = 1, pitch = tempo, windows, bestZ } = play.evidence;
    draft.stretches = heard.map((stretch, i) => ({
      fromS: stretch.fromS,
      toS: stretch.toS,
      startErrorS: play.startErrorS,
      endErrorS: play.endErrorS,
      open: false,
      ...(stretch.refFromS === undefined || stretch.refToS === undefined || play.trackId === undefined
        ? {}
        : {
            ref: {
              fromS: stretch.refFromS,
              toS: stretch.refToS,
              tempo,
              pitch,
              durationS: Number.POSITIVE_INFINITY, // not kept with the play: a line that goes on brings it
              trackId: play.trackId,
            },
          }),
      ...(i === 0 && windows !== undefined ? { windows } : {}),
      ...(i === 0 && bestZ !== undefined ? { bestZ } : {}),
    }));
    return draft;
  }

  get startS(): number {
    return Math.min(...this.stretches.map(({ fromS }) => fromS));
  }

  get endS(): number {
    return Math.max(...this.stretches.map(({ toS }) => toS));
  }

  get open(): boolean {
    return this.stretches.some(({ open }) => open);
  }

  /** The stretch that was heard last. */
  get last(): Stretch {
    return this.stretches.reduce((last, stretch) => (stretch.toS >= last.toS ? stretch : last));
  }

  /** The recording has been heard to its end: nothing of it can follow. */
  get atRecordingEnd(): boolean {
    const { ref, endErrorS } = this.last;
    return ref !== undefined && ref.toS >= ref.durationS - Math.max(3, endErrorS);
  }

  /** What its best line is worth, 0–1; undefined where that is not known. */
  get certainty(): number | undefined {
    const known = this.stretches.flatMap(({ confidence }) => confidence ?? []);
    return known.length > 0 ? Math.max(...known) : this.confidence;
  }

  /** Of nothing and nobody: what its last revision says when it turns out that there was no such play. */
  empty(errorS: number): void {
    const at = this.startS;
    this.kind = 'unknown';
    this.status = 'complete';
    delete this.trackId;
    delete this.method;
    delete this.confidence;
    delete this.cutReason;
    delete this.lost;
    this.stretches = [{ fromS: at, toS: at, startErrorS: errorS, endErrorS: errorS, open: false }];
  }

  /** When it ends as it stands, ms. */
  get endMs(): number {
    return Math.max(this.zeroMs + this.endS * 1000, this.zeroMs + this.startS * 1000);
  }

  /** The next revision. */
  write(): Play {
    const first = this.stretches.reduce((a, b) => (b.fromS < a.fromS ? b : a));
    const { last } = this;
    const startedAt = Math.round(this.zeroMs + first.fromS * 1000);
    const endedAt = Math.max(startedAt, Math.round(this.endMs));
    const lined = this.stretches.filter(({ ref }) => ref !== undefined);
    const longest = lined.reduce<Stretch | undefined>(
      (best, s) => (best && best.toS - best.fromS >= s.toS - s.fromS ? best : s),
      undefined,
    );
    const windows = this.stretches.flatMap(({ windows }) => windows ?? []);
    const scores = this.stretches.flatMap(({ bestZ }) => bestZ ?? []);
    const confidence = this.certainty;
    this.revision += 1;
    this.writtenEndMs = endedAt;
    this.written = {
      id: this.id,
      revision: this.revision,
      stationId: this.stationId,
      kind: this.kind,
      status: this.status,
      ...(this.trackId === undefined ? {} : { trackId: this.trackId }),
      ...(this.method === undefined ? {} : { method: this.method }),
      ...(confidence === undefined || this.kind !== 'track' ? {} : { confidence }),
      startedAt,
      startErrorS: first.startErrorS,
      endedAt,
      endErrorS: last.endErrorS,
      ...(this.cutReason === undefined ? {} : { cutReason: this.cutReason }),
      evidence: {
        sessionId: this.sessionId,
        heard: heard(this.stretches),
        ...(windows.length > 0 ? { windows: windows.reduce((a, b) => a + b, 0) } : {}),
        ...(scores.length > 0 ? { bestZ: Math.max(...scores) } : {}),
        ...(longest?.ref ? { tempo: longest.ref.tempo, pitch: longest.ref.pitch } : {}),
        ...(this.streamTitle === undefined ? {} : { streamTitle: this.streamTitle }),
      },
    };
    return this.written;
  }
}

/** Stretches in order and without overlap: two lines may explain the same seconds. */
function heard(stretches: readonly Stretch[]): HeardStretch[] {
  const out: HeardStretch[] = [];
  let untilS = Number.NEGATIVE_INFINITY;
  for (const { fromS, toS, ref } of [...stretches].sort((a, b) => a.fromS - b.fromS)) {
    const from = Math.max(fromS, untilS);
    if (to(from) >= to(toS)) continue;
    out.push({
      fromS: to(from),
      toS: to(toS),
      ...(ref ? { refFromS: to(ref.fromS + (from - fromS) * ref.tempo), refToS: to(ref.toS) } : {}),
    });
    untilS = toS;
  }
  return out;
}

/** Milliseconds are finer than any of this is known. */
function to(s: number): number {
  return Math.round(s * 1000) / 1000;
}
