export const STATION_STATES = ['starting', 'listening', 'silent', 'lost', 'paused'] as const;
export type StationState = (typeof STATION_STATES)[number];

/** A radio station that is listened to. */
export interface Station {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly paused: boolean;
  readonly simulated: boolean;
}

/** How listening to a station goes. */
export interface StationStatus {
  readonly state: StationState;
  /** For people, in French. */
  readonly reason: string;
  /** ms since the epoch. */
  readonly since: number;
  readonly lastAudioAt?: number;
  readonly title?: string;
  readonly codec?: string;
  readonly reconnectsToday: number;
  /** Share of today (UTC) that was heard, 0–1. */
  readonly coverageToday?: number;
}
