import type { SessionId } from '../capture/types';
import type { DetectionMethod } from '../recognition/types';

export const PLAY_STATUSES = ['open', 'complete', 'cut'] as const;
/** `open`: going on; `complete`: heard to its end; `cut`: the stream or the service stopped in the middle. */
export type PlayStatus = (typeof PLAY_STATUSES)[number];

export const PLAY_KINDS = ['track', 'unknown', 'jingle'] as const;
/** `unknown`: music that nothing recognised (yet); `jingle`: a short repeated unknown, not a song, never looked up. */
export type PlayKind = (typeof PLAY_KINDS)[number];

/** One play of one recording on one station: the line that a royalty is paid on. */
export interface Play {
  /** UUID v7, made by us when the play opens: writing it twice changes nothing. */
  readonly id: string;
  /** Rises with every change of this play; the database keeps the highest. */
  readonly revision: number;
  readonly stationId: number;
  readonly kind: PlayKind;
  readonly status: PlayStatus;
  /** Absent for unknown music. */
  readonly trackId?: number;
  /** Who named it; absent for unknown music. */
  readonly method?: DetectionMethod;
  /** 0–1 as the source computed it; absent where it gives none. */
  readonly confidence?: number;
  /** On the air, ms since the epoch, with the error that the evidence allows, seconds. */
  readonly startedAt: number;
  readonly startErrorS: number;
  /** End, or for an open play until when it has been heard. */
  readonly endedAt: number;
  readonly endErrorS: number;
  /** Why a `cut` play was cut: a stream fault, `paused` (we stopped listening), or `restart`. */
  readonly cutReason?: string;
  readonly evidence: PlayEvidence;
}

export interface PlayEvidence {
  readonly sessionId: SessionId;
  /** Stretches of the air on which it was really heard, session seconds with the recording's seconds beside them. */
  readonly heard: readonly HeardStretch[];
  readonly windows?: number;
  readonly bestZ?: number;
  readonly tempo?: number;
  readonly pitch?: number;
  /** What the station itself said it was playing. A hint. */
  readonly streamTitle?: string;
}

export interface HeardStretch {
  readonly fromS: number;
  readonly toS: number;
  readonly refFromS?: number;
  readonly refToS?: number;
}
