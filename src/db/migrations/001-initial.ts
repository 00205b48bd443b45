import type { Knex } from 'knex';

/** All tables of the first release. Times are `timestamptz`; durations are seconds. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE EXTENSION IF NOT EXISTS pg_trgm;

    CREATE TABLE artists (
      id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name        text NOT NULL CHECK (name <> ''),
      -- Lower case, without accents or double spaces: the same performer spelled two ways is one artist.
      name_key    text NOT NULL UNIQUE,
      created_at  timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE tracks (
      id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      title       text NOT NULL CHECK (title <> ''),
      album       text,
      label       text,
      isrc        text UNIQUE CHECK (isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'),
      duration_s  double precision CHECK (duration_s > 0),
      -- Where we know it from.
      source      text NOT NULL CHECK (source IN ('import', 'upload', 'acoustid', 'audd', 'simulator')),
      external_id text,
      -- The recording of which this one is a duplicate: plays are logged for that one.
      same_as     bigint REFERENCES tracks(id) ON DELETE SET NULL,
      simulated   boolean NOT NULL DEFAULT false,
      created_at  timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX tracks_title_trgm ON tracks USING gin (title gin_trgm_ops);
    CREATE UNIQUE INDEX tracks_external_id ON tracks (source, external_id) WHERE external_id IS NOT NULL;

    CREATE TABLE track_artists (
      track_id  bigint NOT NULL REFERENCES tracks(id) ON DELETE CASCADE,
      artist_id bigint NOT NULL REFERENCES artists(id),
      position  integer NOT NULL,
      PRIMARY KEY (track_id, artist_id)
    );
    CREATE INDEX track_artists_artist ON track_artists (artist_id);

    -- An audio file that was imported: the same bytes are never imported twice.
    CREATE TABLE reference_files (
      sha256      text PRIMARY KEY CHECK (length(sha256) = 64),
      track_id    bigint NOT NULL REFERENCES tracks(id) ON DELETE CASCADE,
      path        text NOT NULL,
      bytes       bigint NOT NULL,
      imported_at timestamptz NOT NULL DEFAULT now()
    );

    -- What the recogniser compares with. One per track and parameter version; versions never mix in an index.
    CREATE TABLE fingerprints (
      track_id    bigint NOT NULL REFERENCES tracks(id) ON DELETE CASCADE,
      version     integer NOT NULL,
      duration_s  double precision NOT NULL,
      data        bytea NOT NULL,
      checksum    integer NOT NULL,
      created_at  timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (track_id, version)
    );

    CREATE TABLE stations (
      id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name        text NOT NULL UNIQUE CHECK (name <> ''),
      url         text NOT NULL UNIQUE,
      paused      boolean NOT NULL DEFAULT false,
      simulated   boolean NOT NULL DEFAULT false,
      -- Removed stations keep their plays.
      removed_at  timestamptz,
      created_at  timestamptz NOT NULL DEFAULT now(),
      updated_at  timestamptz NOT NULL DEFAULT now()
    );

    -- Every change of a station's state, with its reason: coverage of a day is computed from it.
    CREATE TABLE station_states (
      id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      station_id  bigint NOT NULL REFERENCES stations(id) ON DELETE CASCADE,
      state       text NOT NULL CHECK (state IN ('starting', 'listening', 'silent', 'lost', 'paused')),
      reason      text NOT NULL,
      since       timestamptz NOT NULL
    );
    CREATE INDEX station_states_station ON station_states (station_id, since DESC);

    CREATE TABLE plays (
      id            uuid PRIMARY KEY,
      revision      integer NOT NULL,
      station_id    bigint NOT NULL REFERENCES stations(id),
      kind          text NOT NULL CHECK (kind IN ('track', 'unknown', 'jingle')),
      status        text NOT NULL CHECK (status IN ('open', 'complete', 'cut')),
      track_id      bigint REFERENCES tracks(id),
      method        text CHECK (method IN ('local', 'acoustid', 'audd')),
      confidence    double precision CHECK (confidence BETWEEN 0 AND 1),
      started_at    timestamptz NOT NULL,
      start_error_s double precision NOT NULL,
      ended_at      timestamptz NOT NULL,
      end_error_s   double precision NOT NULL,
      cut_reason    text,
      evidence      jsonb NOT NULL,
      created_at    timestamptz NOT NULL DEFAULT now(),
      updated_at    timestamptz NOT NULL DEFAULT now(),
      CHECK (ended_at >= started_at),
      CHECK (kind <> 'track' OR (track_id IS NOT NULL AND method IS NOT NULL))
    );
    CREATE INDEX plays_station_time ON plays (station_id, started_at DESC);
    CREATE INDEX plays_time ON plays (started_at DESC, id DESC);
    CREATE INDEX plays_track ON plays (track_id, started_at DESC);
    CREATE INDEX plays_open ON plays (station_id) WHERE status = 'open';

    -- Former versions of a play: nothing is overwritten silently.
    CREATE TABLE play_revisions (
      play_id     uuid NOT NULL REFERENCES plays(id),
      revision    integer NOT NULL,
      row         jsonb NOT NULL,
      replaced_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (play_id, revision)
    );

    -- Unknown music: its fingerprints, and how far the outside services have been asked about it.
    CREATE TABLE unknown_plays (
      play_id      uuid PRIMARY KEY REFERENCES plays(id) ON DELETE CASCADE,
      version      integer NOT NULL,
      data         bytea NOT NULL,
      chromaprint  text,
      acoustid     text CHECK (acoustid IN ('success', 'no_match', 'low_confidence', 'timeout', 'rate_limited', 'failure', 'skipped')),
      audd         text CHECK (audd IN ('success', 'no_match', 'low_confidence', 'timeout', 'rate_limited', 'failure', 'skipped')),
      attempts     integer NOT NULL DEFAULT 0,
      updated_at   timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE api_tokens (
      id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name        text NOT NULL,
      sha256      text NOT NULL UNIQUE CHECK (length(sha256) = 64),
      created_at  timestamptz NOT NULL DEFAULT now(),
      revoked_at  timestamptz
    );

    -- Requests that were paid for, by service and day (UTC): the budget survives restarts.
    CREATE TABLE api_budget (
      api   text NOT NULL,
      day   date NOT NULL,
      spent integer NOT NULL DEFAULT 0,
      PRIMARY KEY (api, day)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE api_budget, api_tokens, unknown_plays, play_revisions, plays, station_states, stations, fingerprints,
      reference_files, track_artists, tracks, artists;
  `);
}
