import type { Knex } from 'knex';
import type { Fingerprint } from '../recognition/local/fingerprint';
import type { Identification } from '../recognition/types';
import { linkArtists, sweepArtists } from './artists';
import { invalidRecording, isrcConflict, trackHasPlays, trackNotFound } from './errors';
import { normaliseIsrc } from './isrc';
import {
  FROM_AIR,
  findByExternalId,
  findById,
  findByIsrc,
  findByNames,
  type KnownTrack,
  keysOf,
  mayShareIsrc,
} from './match';
import { nameKey } from './name-key';
import { readFingerprints, referencesOf } from './references';
import { getTrack, searchTracks } from './search';
import type { Added, NewRecording, OutsideMethod, Page, Reference, Track } from './types';

/** Tracks, artists and reference fingerprints in PostgreSQL. Every call is one transaction: all of it, or nothing. */
export class LibraryStore {
  constructor(private readonly knex: Knex) {}

  /**
   * Adds a recording, unless the library has it: by the bytes of its file, its ISRC, or its source's identifier. A
   * recording that sounds like another (`sameAs`) is stored as its duplicate; where that other one is only known from
   * the air and this one from a file, the roles are changed.
   * @throws AppError `isrc_conflict` (409) when the ISRC is that of an evidently different recording,
   *   `invalid_recording` (422)
   */
  async addRecording(recording: NewRecording): Promise<Added> {
    const { title, isrc, durationS } = recording;
    if (nameKey(title) === '') throw invalidRecording('Le titre est vide.', 'The title is empty.');
    if (isrc !== undefined && normaliseIsrc(isrc) !== isrc) {
      throw invalidRecording(`« ${isrc} » n'est pas un ISRC.`, `"${isrc}" is not an ISRC.`);
    }
    if (durationS !== undefined && !(durationS > 0)) {
      throw invalidRecording('La durée doit être positive.', 'The duration must be positive.');
    }
    return this.write(async (trx) => {
      const { file, externalId, source } = recording;
      if (file) {
        await lock(trx, `file ${file.sha256}`);
        const known = await trx('reference_files').where({ sha256: file.sha256 }).first('track_id');
        if (known) return { trackId: Number(known.track_id), created: false };
      }
      const byIsrc = isrc === undefined ? undefined : await findByIsrc(trx, isrc);
      if (byIsrc && byIsrc.id !== recording.sameAs && !mayShareIsrc(byIsrc, recording)) {
        throw isrcConflict(isrc!, byIsrc);
      }
      const known =
        byIsrc ?? (externalId === undefined ? undefined : await findByExternalId(trx, source, externalId));
      if (known) {
        await this.enrich(trx, known, recording);
        return { trackId: known.id, created: false, ...duplicate(known.sameAs) };
      }
      return this.insert(trx, recording);
    });
  }

  /**
   * The track that an outside service named: by ISRC, else by the service's identifier, else by title and performers;
   * made when there is none. A fingerprint of what was heard becomes its reference where it has none.
   * @returns the track that plays are logged for (never a duplicate)
   */
  async identified(
    identification: Identification,
    method: OutsideMethod,
    fingerprint?: Fingerprint,
  ): Promise<number> {
    const isrc = identification.isrc === undefined ? undefined : normaliseIsrc(identification.isrc);
    const { title, artists, album, label, externalId } = identification;
    if (nameKey(title) === '') throw invalidRecording('Le titre est vide.', 'The title is empty.');
    const recording: NewRecording = {
      ...{ title: title.trim(), artists, source: method },
      ...(album === undefined ? {} : { album }),
      ...(label === undefined ? {} : { label }),
      ...(isrc === undefined ? {} : { isrc }),
      ...(externalId === undefined ? {} : { externalId }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    };
    return this.write(async (trx) => {
      await lock(trx, `names ${nameKey(title)}\n${keysOf(artists).join('\n')}`);
      const known =
        (isrc === undefined ? undefined : await findByIsrc(trx, isrc)) ??
        (externalId === undefined ? undefined : await findByExternalId(trx, method, externalId)) ??
        (await this.findNamed(trx, recording));
      if (!known) return (await this.insert(trx, recording)).trackId;
      await this.enrich(trx, known, recording);
      return known.sameAs ?? known.id;
    });
  }

  /** A track of the same title and performers, unless two different ISRCs say that the recordings differ. */
  private async findNamed(trx: Knex, recording: NewRecording): Promise<KnownTrack | undefined> {
    const named = await findByNames(trx, recording.title, recording.artists);
    // Nobody is named: a title alone is no proof, unless the same service said just as little before.
    const possible =
      keysOf(recording.artists).length > 0
        ? named
        : named.filter(({ source }) => source === recording.source);
    return possible.find(
      ({ isrc }) => isrc === undefined || recording.isrc === undefined || isrc === recording.isrc,
    );
  }

  /** Tracks that match a search in title, performers, album or ISRC; all of them for a blank one. */
  search(options: { q?: string; page?: number; pageSize?: number }): Promise<Page<Track>> {
    return searchTracks(this.knex, options);
  }

  get(id: number): Promise<Track | undefined> {
    return getTrack(this.knex, id);
  }

  /**
   * Takes a track out of the library, with its fingerprints; the first of its duplicates takes its place.
   * @throws AppError `track_not_found` (404), `track_has_plays` (409): a line of the log is never orphaned
   */
  async delete(id: number): Promise<void> {
    const artists = await this.write(async (trx) => {
      const track = await findById(trx, id);
      if (!track) throw trackNotFound(id);
      const [counted] = await trx('plays').where({ track_id: id }).count({ plays: '*' });
      const plays = Number(counted!.plays);
      if (plays > 0) throw trackHasPlays(id, plays);
      const heir = await trx('tracks').where({ same_as: id }).orderBy('id').first('id');
      if (heir) {
        await trx('tracks').where({ same_as: id }).whereNot({ id: heir.id }).update({ same_as: heir.id });
      }
      const named = await trx('track_artists').where({ track_id: id }).pluck('artist_id');
      await trx('tracks').where({ id }).delete();
      return named as string[];
    });
    await sweepArtists(this.knex, artists);
  }

  /** How many tracks (duplicates included) and artists there are. */
  async counts(): Promise<{ tracks: number; artists: number }> {
    const { rows } = await this.knex.raw(
      'SELECT (SELECT count(*) FROM tracks) AS tracks, (SELECT count(*) FROM artists) AS artists',
    );
    return { tracks: Number(rows[0].tracks), artists: Number(rows[0].artists) };
  }

  /** What the recogniser compares with: every track that is no duplicate, in the order of their numbers. */
  fingerprints(version: number): AsyncIterable<Reference> {
    return readFingerprints(this.knex, version);
  }

  /** The same for some tracks; those that are duplicates, or have no fingerprint of this version, are missing. */
  references(trackIds: readonly number[], version: number): Promise<Reference[]> {
    return referencesOf(this.knex, trackIds, version);
  }

  /** How many tracks have fingerprints, but none of this version: they are not recognised until they are imported again. */
  async outdated(version: number): Promise<number> {
    const { rows } = await this.knex.raw(
      `SELECT count(*) FROM tracks t WHERE t.same_as IS NULL
         AND EXISTS (SELECT FROM fingerprints f WHERE f.track_id = t.id)
         AND NOT EXISTS (SELECT FROM fingerprints f WHERE f.track_id = t.id AND f.version = ?)`,
      [version],
    );
    return Number(rows[0].count);
  }

  /** The track that these bytes were imported as, and whether it has a fingerprint of this version. */
  async knownFile(
    sha256: string,
    version: number,
  ): Promise<{ trackId: number; fingerprinted: boolean } | undefined> {
    const row = await this.knex('reference_files')
      .leftJoin('fingerprints', (join) =>
        join
          .on('fingerprints.track_id', 'reference_files.track_id')
          .andOnVal('fingerprints.version', version),
      )
      .where({ sha256 })
      .first('reference_files.track_id', 'fingerprints.version');
    return row && { trackId: Number(row.track_id), fingerprinted: row.version !== null };
  }

  /** How long the reference of a track is, seconds, and whether it was only heard on the air; undefined without one. */
  async heardAs(
    trackId: number,
    version: number,
  ): Promise<{ readonly durationS: number; readonly fromAir: boolean } | undefined> {
    const { rows } = await this.knex.raw(
      `SELECT f.duration_s, ${FROM_AIR} AS from_air FROM fingerprints f JOIN tracks t ON t.id = f.track_id
       WHERE f.track_id = ? AND f.version = ?`,
      [trackId, version],
    );
    return rows[0] && { durationS: rows[0].duration_s, fromAir: rows[0].from_air };
  }

  /** Gives a track the fingerprint of another version; the one it has of this version stays. */
  async addFingerprint(trackId: number, fingerprint: Fingerprint): Promise<void> {
    await this.write((trx) => insertFingerprint(trx, trackId, fingerprint));
  }

  private async insert(trx: Knex, recording: NewRecording): Promise<Added> {
    const { sameAs, source } = recording;
    let root = sameAs === undefined ? undefined : await findById(trx, sameAs);
    if (root?.sameAs !== undefined) root = await findById(trx, root.sameAs);
    const takesOver = root?.fromAir === true && (source === 'import' || source === 'upload');
    const duplicateOf = takesOver ? undefined : root?.id;
    const [row] = await trx('tracks')
      .insert({
        title: recording.title.trim(),
        title_key: nameKey(recording.title),
        album: recording.album ?? null,
        label: recording.label ?? null,
        isrc: recording.isrc ?? null,
        duration_s: recording.durationS ?? null,
        source,
        external_id: recording.externalId ?? null,
        same_as: duplicateOf ?? null,
        simulated: recording.simulated ?? false,
      })
      .returning('id');
    const trackId = Number(row.id);
    await linkArtists(trx, trackId, recording.artists);
    await this.attach(trx, trackId, recording);
    if (takesOver) {
      await trx('tracks').where({ id: root!.id }).orWhere({ same_as: root!.id }).update({ same_as: trackId });
    }
    return { trackId, created: true, ...duplicate(duplicateOf) };
  }

  /** Adds to a known track what it lacks. What its owner's file said is not overwritten by anybody. */
  private async enrich(trx: Knex, known: KnownTrack, recording: NewRecording): Promise<void> {
    const { album, label, durationS, isrc, file } = recording;
    await trx('tracks')
      .where({ id: known.id })
      .update({
        album: trx.raw('coalesce(album, ?)', [album ?? null]),
        label: trx.raw('coalesce(label, ?)', [label ?? null]),
        duration_s: trx.raw('coalesce(duration_s, ?::double precision)', [durationS ?? null]),
        // A service's ISRC is for the service's track; on an imported one it would be a guess.
        ...(known.fromAir && isrc !== undefined && known.isrc === undefined ? { isrc } : {}),
      });
    if (known.artistKeys.length === 0) await linkArtists(trx, known.id, recording.artists);
    // A recording's own file is a better reference than what was heard of it on the air; the simulator makes its tracks
    // anew, and a later version of it differently.
    const { fingerprint, source } = recording;
    if (fingerprint && ((known.fromAir && file) || (source === 'simulator' && known.source === source))) {
      await trx('fingerprints')
        .where({ track_id: known.id, version: fingerprint.version })
        .whereNot({ checksum: fingerprint.checksum })
        .delete();
    }
    await this.attach(trx, known.id, recording);
  }

  private async attach(trx: Knex, trackId: number, { file, fingerprint }: NewRecording): Promise<void> {
    if (fingerprint) await insertFingerprint(trx, trackId, fingerprint);
    if (file) await trx('reference_files').insert({ ...file, track_id: trackId });
  }

  /** A transaction, tried again when another one was in its way (the same ISRC at the same moment, a deadlock). */
  private async write<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.knex.transaction(work);
      } catch (error) {
        const { code } = error as { code?: string };
        if (attempt >= 4 || (code !== '23505' && code !== '40P01')) throw error;
      }
    }
  }
}

function duplicate(of: number | undefined): { duplicateOf?: number } {
  return of === undefined ? {} : { duplicateOf: of };
}

async function insertFingerprint(trx: Knex, trackId: number, fingerprint: Fingerprint): Promise<void> {
  await trx('fingerprints')
    .insert({
      track_id: trackId,
      version: fingerprint.version,
      duration_s: fingerprint.durationS,
      data: Buffer.from(fingerprint.data.buffer, fingerprint.data.byteOffset, fingerprint.data.byteLength),
      checksum: fingerprint.checksum,
    })
    .onConflict(['track_id', 'version'])
    .ignore();
}

/** Held until the transaction ends: who adds the same thing at the same moment waits, and then finds it. */
async function lock(trx: Knex, what: string): Promise<void> {
  await trx.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [what]);
}
