import type { Knex } from 'knex';
import type { Middleware } from 'koa';
import type { Clock } from '../clock';
import type { Phrase } from '../errors';
import type { Logger } from '../log';

/**
 * What the HTTP side needs of the rest, as small interfaces: `main` passes the real things in, and a test passes those
 * it drives. Names follow the rooms that implement them.
 */
export interface HttpDeps {
  readonly knex: Knex;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: HttpSettings;
  readonly stations: Stations;
  readonly listening: Listening;
  readonly library: Library;
  /** Beyond the database, which is always checked: decoders, recogniser. */
  readonly checks: readonly HealthCheck[];
  /** Answers `GET /api/metrics`, its own token check included. Absent: the service runs without telemetry. */
  readonly metricsEndpoint?: Middleware;
  /** Gives the request its route template for the metrics; runs first in the router. */
  readonly routeLabels?: Middleware;
}

export interface HttpSettings {
  /** The address that the server listens on; on a loopback one, foreign `Host` headers are refused. */
  readonly host: string;
  /** Further names by which people may call this service. */
  readonly allowedHosts?: readonly string[];
  /** Folder for uploads on their way into the library. */
  readonly uploadDir: string;
  readonly links: { readonly prometheus: string; readonly grafana: string };
  /** Alertmanager's bearer token; absent: notifications are taken from loopback and private networks only. */
  readonly alertsToken?: string | undefined;
  /** Say on the page that what is heard is simulated. */
  readonly demo: boolean;
}

export interface Station {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly paused: boolean;
  readonly simulated: boolean;
}

export interface StationInput {
  readonly name: string;
  readonly url: string;
  readonly paused?: boolean | undefined;
  readonly simulated?: boolean | undefined;
}

export interface StationPatch {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly paused?: boolean | undefined;
}

/** Stations as they are stored. Unknown ids and taken names are AppErrors (404, 409). */
export interface Stations {
  list(): Promise<Station[]>;
  get(id: number): Promise<Station | undefined>;
  add(input: StationInput): Promise<Station>;
  change(id: number, patch: StationPatch): Promise<Station>;
  remove(id: number): Promise<unknown>;
}

export interface StationStatus {
  readonly state: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly lastAudioAt?: number | undefined;
  /** What the station says it plays. */
  readonly title?: string | undefined;
  readonly codec?: string | undefined;
  readonly reconnectsToday: number;
  /** Share of today, UTC, that was heard, 0–1. */
  readonly coverageToday?: number | undefined;
}

/** Who listens to the stations. */
export interface Listening {
  apply(station: Station): void;
  remove(id: number): unknown;
  status(id: number): StationStatus | undefined;
}

/** A track of the library. */
export interface Track {
  readonly id: number;
  readonly title: string;
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly isrc?: string;
  readonly durationS?: number;
  readonly source: string;
  readonly externalId?: string;
  readonly simulated: boolean;
  readonly sameAs?: number;
  readonly duplicates: readonly number[];
  readonly fingerprinted: boolean;
  readonly createdAt: Date;
}

export interface Library {
  search(query: { q?: string; page: number; pageSize: number }): Promise<{
    readonly items: readonly Track[];
    readonly total: number;
  }>;
  get(id: number): Promise<Track | undefined>;
  /** @throws AppError where plays name the track */
  delete(id: number): Promise<unknown>;
  /** One uploaded file becomes a track. @throws AppError `unreadable_audio` */
  importFile(
    path: string,
    originalName: string,
  ): Promise<{ readonly trackId: number; readonly status: 'imported' | 'duplicate' }>;
}

export interface HealthCheck {
  readonly name: string;
  /** Resolves with what is wrong, or with nothing. */
  check(): Promise<Phrase | undefined>;
}
