/**
 * What capture hands to the rest. One *session* is one uninterrupted decode of one connection: sample numbers rise from
 * 0 without a hole within it, and a reconnect starts a new one. A station that delivers nothing has no session and no
 * audio; nothing is ever put in its place.
 */

/** Why no audio came. A closed set: it is a metric label. */
export const STREAM_FAULTS = [
  'unreachable', // DNS, refused, reset, TLS, connect timeout
  'http_error', // an answer that is not 2xx
  'redirect_loop',
  'bad_playlist', // m3u/pls/HLS that holds no usable entry
  'wrong_content_type', // a page, an image: not audio
  'garbage', // bytes that no decoder makes audio of
  'stall', // connected, but no bytes for too long
  'ended', // the other side closed the stream
  'decoder_crash',
  'overload', // our own fault: bytes came faster than they could be decoded
] as const;
export type StreamFault = (typeof STREAM_FAULTS)[number];

export const CODECS = ['mp3', 'aac', 'vorbis', 'opus', 'flac'] as const;
export type Codec = (typeof CODECS)[number];

/** Key of a session, unique for the life of the database: `<stationId>-<uuid>`. */
export type SessionId = string;

export interface SessionStarted {
  readonly stationId: number;
  readonly sessionId: SessionId;
  readonly codec: Codec;
  /** The URL that audio came from, after playlists and redirects, without credentials. */
  readonly url: string;
}

export interface AudioChunk {
  readonly stationId: number;
  readonly sessionId: SessionId;
  /** Position of the first sample in the session, counted at SAMPLE_RATE. */
  readonly firstSample: number;
  /** Mono, 16-bit, at SAMPLE_RATE. Owned by the receiver. */
  readonly samples: Int16Array;
  /** When the session's sample 0 was on the air, ms since the epoch; the estimate gets better as audio arrives. */
  readonly sampleZeroAt: number;
}

/** The title that the station sends with its stream: a hint for people, never evidence. */
export interface StreamTitle {
  readonly stationId: number;
  readonly sessionId: SessionId;
  readonly title: string;
  readonly atSample: number;
}

export interface SessionEnded {
  readonly stationId: number;
  readonly sessionId: SessionId;
  /** Absent when we stopped listening ourselves (pause, shutdown). */
  readonly fault?: StreamFault;
  readonly detail: string;
  /** Samples that the session delivered in all. */
  readonly samples: number;
}

/** A connection that failed before it gave audio, or a session's end: what the station's state is made from. */
export interface ConnectFailed {
  readonly stationId: number;
  readonly fault: StreamFault;
  readonly detail: string;
  /** Milliseconds until the next try. */
  readonly retryInMs: number;
}

/** Who listens to capture. Calls are synchronous, in order per station, and must not throw. */
export interface CaptureSink {
  sessionStarted(event: SessionStarted): void;
  audio(chunk: AudioChunk): void;
  title(event: StreamTitle): void;
  sessionEnded(event: SessionEnded): void;
  connectFailed(event: ConnectFailed): void;
}
