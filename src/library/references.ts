import type { Knex } from 'knex';
import type { Reference } from './types';

/** Fingerprints read at a time: some megabytes of ordinary songs, as text. */
const BATCH = 50;

const QUERY = `
  SELECT f.track_id, f.version, f.duration_s, f.data, f.checksum
  FROM fingerprints f JOIN tracks t ON t.id = f.track_id
  WHERE f.version = ? AND t.same_as IS NULL`;

interface Row {
  readonly track_id: string;
  readonly version: number;
  readonly duration_s: number;
  readonly data: Buffer;
  readonly checksum: number;
}

function toReference({ track_id, version, duration_s, data, checksum }: Row): Reference {
  return { trackId: Number(track_id), fingerprint: { version, durationS: duration_s, data, checksum } };
}

/** All of one version but those of duplicates, in the order of the tracks' numbers, some at a time. */
export async function* readFingerprints(knex: Knex, version: number): AsyncGenerator<Reference> {
  for (let after = 0; ; ) {
    const { rows } = await knex.raw(`${QUERY} AND f.track_id > ? ORDER BY f.track_id LIMIT ${BATCH}`, [
      version,
      after,
    ]);
    const references = (rows as Row[]).map(toReference);
    yield* references;
    const last = references.at(-1);
    if (last === undefined || references.length < BATCH) return;
    after = last.trackId;
  }
}

export async function referencesOf(
  knex: Knex,
  trackIds: readonly number[],
  version: number,
): Promise<Reference[]> {
  if (trackIds.length === 0) return [];
  const { rows } = await knex.raw(`${QUERY} AND f.track_id = ANY(?) ORDER BY f.track_id`, [
    version,
    [...trackIds],
  ]);
  return (rows as Row[]).map(toReference);
}
