import type { Fingerprint } from '../recognition/local/fingerprint';
import type { DetectionMethod } from '../recognition/types';

export const TRACK_SOURCES = ['import', 'upload', 'acoustid', 'audd', 'simulator'] as const;
/** Where we know a recording from. */
export type TrackSource = (typeof TRACK_SOURCES)[number];

/** The outside services whose identifications become tracks. */
export type OutsideMethod = Exclude<DetectionMethod, 'local'>;

/** The file that a recording was read from. */
export interface ReferenceFile {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly path: string;
  readonly bytes: number;
}

export interface NewRecording {
  readonly title: string;
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  /** Normalised (`normaliseIsrc`). */
  readonly isrc?: string;
  /** Seconds; absent where only a stretch of it is known. */
  readonly durationS?: number;
  readonly source: TrackSource;
  readonly simulated?: boolean;
  readonly externalId?: string;
  readonly fingerprint?: Fingerprint;
  readonly file?: ReferenceFile;
  /** A track of the library that sounds the same: this one is then stored as its duplicate. */
  readonly sameAs?: number;
}

export interface Added {
  readonly trackId: number;
  /** False: the library had it. */
  readonly created: boolean;
  /** The recording that plays of this one are logged for. */
  readonly duplicateOf?: number;
}

/** A track as it is shown. */
export interface Track {
  readonly id: number;
  readonly title: string;
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly isrc?: string;
  readonly durationS?: number;
  readonly source: TrackSource;
  readonly externalId?: string;
  readonly simulated: boolean;
  /** The recording of which this is a duplicate. */
  readonly sameAs?: number;
  /** Recordings that are duplicates of this one. */
  readonly duplicates: readonly number[];
  /** The recogniser has something to compare with. */
  readonly fingerprinted: boolean;
  readonly createdAt: Date;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

/** What is compared with the air, for one track. */
export interface Reference {
  readonly trackId: number;
  readonly fingerprint: Fingerprint;
}
