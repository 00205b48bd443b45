import type { Knex } from 'knex';

/**
 * Search that ignores case and accents, names of stations that become free when the station is removed, how long a
 * station was surely heard, and a word from the database to whoever keeps a copy in memory.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Written by the library as it writes artists.name_key: PostgreSQL's lower() knows ASCII only in the C locale.
    ALTER TABLE tracks ADD COLUMN title_key text NOT NULL DEFAULT '';
    DROP INDEX tracks_title_trgm;
    CREATE INDEX tracks_title_key ON tracks (title_key);
    CREATE INDEX tracks_title_key_trgm ON tracks USING gin (title_key gin_trgm_ops);
    CREATE INDEX artists_name_key_trgm ON artists USING gin (name_key gin_trgm_ops);
    CREATE INDEX tracks_same_as ON tracks (same_as) WHERE same_as IS NOT NULL;
    CREATE INDEX reference_files_track ON reference_files (track_id);

    ALTER TABLE stations DROP CONSTRAINT stations_name_key, DROP CONSTRAINT stations_url_key;
    CREATE UNIQUE INDEX stations_name_live ON stations (lower(name)) WHERE removed_at IS NULL;
    CREATE UNIQUE INDEX stations_url_live ON stations (url) WHERE removed_at IS NULL;

    -- Until when a listening or silent station is known to have been heard: a service that is killed writes no end.
    ALTER TABLE station_states ADD COLUMN heard_until timestamptz;

    CREATE FUNCTION tell_fingerprint_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('library_changed', OLD.track_id::text);
      ELSE
        PERFORM pg_notify('library_changed', NEW.track_id::text);
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER fingerprints_tell AFTER INSERT OR UPDATE OR DELETE ON fingerprints
      FOR EACH ROW EXECUTE FUNCTION tell_fingerprint_change();

    -- A track that becomes, or stops being, a duplicate leaves or enters the index.
    CREATE FUNCTION tell_track_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('library_changed', NEW.id::text);
      RETURN NULL;
    END $$;
    CREATE TRIGGER tracks_tell AFTER UPDATE OF same_as ON tracks
      FOR EACH ROW WHEN (OLD.same_as IS DISTINCT FROM NEW.same_as) EXECUTE FUNCTION tell_track_change();

    CREATE FUNCTION tell_station_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('stations_changed', OLD.id::text);
      ELSE
        PERFORM pg_notify('stations_changed', NEW.id::text);
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER stations_tell AFTER INSERT OR UPDATE OR DELETE ON stations
      FOR EACH ROW EXECUTE FUNCTION tell_station_change();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER stations_tell ON stations;
    DROP TRIGGER tracks_tell ON tracks;
    DROP TRIGGER fingerprints_tell ON fingerprints;
    DROP FUNCTION tell_station_change, tell_track_change, tell_fingerprint_change;
    ALTER TABLE station_states DROP COLUMN heard_until;
    DROP INDEX stations_name_live, stations_url_live;
    ALTER TABLE stations ADD CONSTRAINT stations_name_key UNIQUE (name), ADD CONSTRAINT stations_url_key UNIQUE (url);
    DROP INDEX reference_files_track, tracks_same_as, artists_name_key_trgm, tracks_title_key_trgm, tracks_title_key;
    ALTER TABLE tracks DROP COLUMN title_key;
    CREATE INDEX tracks_title_trgm ON tracks USING gin (title gin_trgm_ops);
  `);
}
