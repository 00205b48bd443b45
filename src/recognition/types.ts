import type { SessionId } from '../capture/types';

/**
 * One alignment of what a session plays with one recording: the recording's second `r` sounds at session second
 * `startS + (r - refStartS) / tempo`. Reported when it is accepted, as it goes on, and once more when it ends.
 */
export interface TrackLine {
  /** Unique within the session, rising. */
  readonly lineId: number;
  readonly trackId: number;
  /** Ratio of durations, recording's to air's: 1.02 = the station plays it 2 % faster. 0.9–1.1. */
  readonly tempo: number;
  /** Ratio of frequencies, air's to recording's; equals `tempo` for a changed speed. */
  readonly pitch: number;
  /** Where the recording begins and was last heard on the air, seconds from the session's sample 0. */
  readonly startS: number;
  readonly endS: number;
  /** How far off `startS` and `endS` may be, seconds (90 % of cases), from the evidence. */
  readonly startErrorS: number;
  readonly endErrorS: number;
  /** The same two moments on the recording's own time line, seconds. */
  readonly refStartS: number;
  readonly refEndS: number;
  readonly trackDurationS: number;
  /** Windows in which this line was accepted or verified. */
  readonly windows: number;
  /** Best verification score (z) so far; from 30 on a higher one is not looked for. */
  readonly bestZ: number;
  /** Calibrated probability, 0–1, that the line is right. */
  readonly confidence: number;
  /** No more of it will come. */
  readonly closed: boolean;
}

/** What a stretch of audio is, as far as can be told without knowing it. */
export const CONTENT_KINDS = ['music', 'speech', 'silence', 'noise'] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** What the local recogniser says after each window (every 2.5 s of audio). */
export interface RecognitionReport {
  readonly stationId: number;
  readonly sessionId: SessionId;
  /** Everything before this session second has been looked at. */
  readonly upToS: number;
  /** Kind of the newest hop of audio (from `upToS - hopS` to `upToS`). */
  readonly content: ContentKind;
  readonly hopS: number;
  /** Lines that are new, went on or closed in this window; empty when nothing is recognised. */
  readonly lines: readonly TrackLine[];
}

/** How a stage of recognition ended. A closed set: the `status` label of sodav_detections_total. */
export const DETECTION_STATUSES = [
  'success',
  'no_match',
  'low_confidence',
  'timeout',
  'rate_limited',
  'failure',
  'skipped',
] as const;
export type DetectionStatus = (typeof DETECTION_STATUSES)[number];

export const DETECTION_METHODS = ['local', 'acoustid', 'audd'] as const;
export type DetectionMethod = (typeof DETECTION_METHODS)[number];

/** What an outside service said a recording is. Only what it said: nothing is filled in. */
export interface Identification {
  readonly title: string;
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly isrc?: string;
  /** 0–1, only where the service computes one (AcoustID's score; AudD gives none). */
  readonly confidence?: number;
  /** The service's own identifier of the recording (MusicBrainz recording id, AcoustID, AudD song link). */
  readonly externalId?: string;
  /** Second of the recording at which the clip begins, where the service tells (AudD's timecode). */
  readonly timecodeS?: number;
}

export interface StageOutcome {
  readonly method: DetectionMethod;
  readonly status: DetectionStatus;
  readonly identification?: Identification;
  /** For people and logs: what happened. Never a key. */
  readonly detail?: string;
  /** No answer, and before this none is to be had (a spent budget, a refused key); ms since the epoch. */
  readonly notBefore?: number;
}
