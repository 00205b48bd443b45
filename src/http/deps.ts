import type { Knex } from 'knex';
import type { Clock } from '../clock';
import type { Phrase } from '../errors';
import type { Page, Track } from '../library/types';
import type { Logger } from '../log';
import type { PlayStore } from '../plays/store';
import type { Coverage } from '../stations/coverage';
import type { Station, StationStatus } from '../stations/types';
import type { StationInput, StationPatch } from '../stations/validate';

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
  readonly plays: Pick<PlayStore, 'list' | 'get' | 'now' | 'streamCsv' | 'dailyReport'>;
  /** Beyond the database, which is always checked: decoders, recogniser. */
  readonly checks: readonly HealthCheck[];
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
  /** File with the token that Prometheus must give; absent: metrics are open to whoever reaches the port. */
  readonly metricsTokenFile?: string | undefined;
  /** Say on the page that what is heard is simulated. */
  readonly demo: boolean;
}

/** Stations as they are stored. Unknown ids and taken names are AppErrors (404, 409). */
export interface Stations {
  list(): Promise<Station[]>;
  get(id: number): Promise<Station | undefined>;
  add(input: StationInput): Promise<Station>;
  change(id: number, patch: StationPatch): Promise<Station>;
  remove(id: number): Promise<unknown>;
  /** How much of a day (UTC, `2026-11-24`) each station was heard, seconds. */
  coverages(day: string): Promise<ReadonlyMap<number, Coverage>>;
}

/** Who listens to the stations. */
export interface Listening {
  apply(station: Station): void;
  remove(id: number): unknown;
  status(id: number): StationStatus | undefined;
}

/** The reference library, and what recognises by it told of each change. */
export interface Library {
  search(query: { q?: string; page: number; pageSize: number }): Promise<Page<Track>>;
  get(id: number): Promise<Track | undefined>;
  /** @throws AppError where plays name the track */
  delete(id: number): Promise<unknown>;
  /** One uploaded file becomes a track, or is found to be one already. @throws AppError `unreadable_audio` */
  importFile(
    path: string,
    options: { readonly originalName: string; readonly source: 'upload' },
  ): Promise<{
    readonly trackId: number;
    readonly status: 'imported' | 'duplicate' | 'known' | 'refreshed';
    /** What could not be used of its tags, in French. */
    readonly warnings: readonly string[];
  }>;
}

export interface HealthCheck {
  readonly name: string;
  /** Resolves with what is wrong, or with nothing. */
  check(): Promise<Phrase | undefined>;
}
