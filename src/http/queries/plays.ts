import type { Knex } from 'knex';
import { nameKey } from '../../library/name-key';
import { containing } from './like';

/** What `GET /api/plays` can be asked for. Times: `from` included, `to` not, by the start of the play. */
export interface PlayFilter {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly station?: number | undefined;
  readonly track?: number | undefined;
  readonly kind?: string | undefined;
  readonly status?: string | undefined;
  readonly method?: string | undefined;
  /** Words, each in the title or in a performer's name; case and accents aside. */
  readonly q?: string | undefined;
}

/** A play as readers get it; what is not known is not there. */
export interface PlayView {
  readonly id: string;
  readonly revision: number;
  readonly station: { readonly id: number; readonly name: string; readonly simulated: boolean };
  readonly kind: string;
  readonly status: string;
  readonly track?: TrackOfPlay;
  readonly method?: string;
  readonly confidence?: number;
  readonly started_at: string;
  readonly start_error_s: number;
  readonly ended_at: string;
  readonly end_error_s: number;
  readonly duration_s: number;
  readonly cut_reason?: string;
}

export interface TrackOfPlay {
  readonly id: number;
  readonly title: string;
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly isrc?: string;
  readonly simulated: boolean;
}

/** A play with what it rests on, its former versions, and how far outside services were asked about it. */
export interface PlayDetail extends PlayView {
  readonly evidence: object;
  readonly revisions: readonly { revision: number; replaced_at: string; play: object }[];
  readonly outside_services?: { acoustid?: string; audd?: string; attempts: number };
}

/** Where the next page begins: the last play of this one, to the microsecond as the database has it. */
export interface PlayCursor {
  readonly at: string;
  readonly id: string;
}

interface Row {
  id: string;
  revision: number;
  station_id: string;
  station_name: string;
  station_simulated: boolean;
  kind: string;
  status: string;
  track_id: string | null;
  title: string | null;
  artists: string[] | null;
  album: string | null;
  label: string | null;
  isrc: string | null;
  track_simulated: boolean | null;
  method: string | null;
  confidence: number | null;
  started_at: Date;
  start_error_s: number;
  ended_at: Date;
  end_error_s: number;
  cut_reason: string | null;
  cursor_at: string;
}

/** Plays, newest first, at most `limit` of them, from behind `after` on. */
export async function listPlays(
  knex: Knex,
  filter: PlayFilter,
  limit: number,
  after?: PlayCursor,
): Promise<{ plays: PlayView[]; next?: PlayCursor }> {
  const query = selectPlays(knex);
  applyFilter(query, filter);
  if (after !== undefined) {
    query.whereRaw('(p.started_at, p.id) < (?::timestamptz, ?::uuid)', [after.at, after.id]);
  }
  const rows: Row[] = await query
    .orderBy([
      { column: 'p.started_at', order: 'desc' },
      { column: 'p.id', order: 'desc' },
    ])
    .limit(limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    plays: page.map(viewOf),
    ...(rows.length > limit && last !== undefined ? { next: { at: last.cursor_at, id: last.id } } : {}),
  };
}

/** All plays that fit, newest first, read in pieces: a slow reader holds neither a connection nor the memory. */
export async function* everyPlay(knex: Knex, filter: PlayFilter): AsyncGenerator<PlayView> {
  let after: PlayCursor | undefined;
  do {
    const { plays, next } = await listPlays(knex, filter, 1_000, after);
    yield* plays;
    after = next;
  } while (after !== undefined);
}

/** Plays that are on the air now as far as is known: open, and heard since `heardSince`. */
export async function openPlays(knex: Knex, heardSince: Date, station?: number): Promise<PlayView[]> {
  const query = selectPlays(knex).where('p.status', 'open').where('p.ended_at', '>=', heardSince);
  if (station !== undefined) query.where('p.station_id', station);
  const rows: Row[] = await query.orderBy('p.started_at', 'desc').limit(1_000);
  return rows.map(viewOf);
}

/** One play with what it rests on and what it was before. */
export async function findPlay(knex: Knex, id: string): Promise<PlayDetail | undefined> {
  const row: Row | undefined = await selectPlays(knex).where('p.id', id).first();
  if (row === undefined) return undefined;
  const [{ evidence }] = await knex('plays').where({ id }).select('evidence');
  const revisions: { revision: number; replaced_at: Date; row: object }[] = await knex('play_revisions')
    .where({ play_id: id })
    .orderBy('revision', 'desc')
    .select('revision', 'replaced_at', 'row');
  const asked = await knex('unknown_plays').where({ play_id: id }).first('acoustid', 'audd', 'attempts');
  return {
    ...viewOf(row),
    evidence,
    revisions: revisions.map(({ revision, replaced_at, row: before }) => ({
      revision,
      replaced_at: replaced_at.toISOString(),
      play: before,
    })),
    ...(asked === undefined
      ? {}
      : {
          outside_services: {
            ...(asked.acoustid === null ? {} : { acoustid: asked.acoustid }),
            ...(asked.audd === null ? {} : { audd: asked.audd }),
            attempts: asked.attempts,
          },
        }),
  };
}

function selectPlays(knex: Knex): Knex.QueryBuilder {
  return knex('plays as p')
    .join('stations as s', 's.id', 'p.station_id')
    .leftJoin('tracks as t', 't.id', 'p.track_id')
    .select(
      'p.id',
      'p.revision',
      'p.station_id',
      's.name as station_name',
      's.simulated as station_simulated',
      'p.kind',
      'p.status',
      'p.track_id',
      't.title',
      't.album',
      't.label',
      't.isrc',
      't.simulated as track_simulated',
      'p.method',
      'p.confidence',
      'p.started_at',
      'p.start_error_s',
      'p.ended_at',
      'p.end_error_s',
      'p.cut_reason',
      knex.raw(`to_char(p.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS cursor_at`),
      knex.raw(
        `(SELECT array_agg(a.name ORDER BY ta.position) FROM track_artists ta JOIN artists a ON a.id = ta.artist_id
          WHERE ta.track_id = p.track_id) AS artists`,
      ),
    );
}

function applyFilter(query: Knex.QueryBuilder, filter: PlayFilter): void {
  if (filter.from !== undefined) query.where('p.started_at', '>=', filter.from);
  if (filter.to !== undefined) query.where('p.started_at', '<', filter.to);
  if (filter.station !== undefined) query.where('p.station_id', filter.station);
  if (filter.track !== undefined) query.where('p.track_id', filter.track);
  if (filter.kind !== undefined) query.where('p.kind', filter.kind);
  if (filter.status !== undefined) query.where('p.status', filter.status);
  if (filter.method !== undefined) query.where('p.method', filter.method);
  for (const word of nameKey(filter.q ?? '')
    .split(' ')
    .filter(Boolean)) {
    const pattern = containing(word);
    query.whereRaw(
      `(t.title_key LIKE ? OR EXISTS (SELECT 1 FROM track_artists ta JOIN artists a ON a.id = ta.artist_id
        WHERE ta.track_id = p.track_id AND a.name_key LIKE ?))`,
      [pattern, pattern],
    );
  }
}

function viewOf(row: Row): PlayView {
  return {
    id: row.id,
    revision: row.revision,
    station: { id: Number(row.station_id), name: row.station_name, simulated: row.station_simulated },
    kind: row.kind,
    status: row.status,
    ...(row.track_id === null ? {} : { track: trackOf(row, Number(row.track_id)) }),
    ...(row.method === null ? {} : { method: row.method }),
    ...(row.confidence === null ? {} : { confidence: row.confidence }),
    started_at: row.started_at.toISOString(),
    start_error_s: row.start_error_s,
    ended_at: row.ended_at.toISOString(),
    end_error_s: row.end_error_s,
    duration_s: (row.ended_at.getTime() - row.started_at.getTime()) / 1_000,
    ...(row.cut_reason === null ? {} : { cut_reason: row.cut_reason }),
  };
}

function trackOf(row: Row, id: number): TrackOfPlay {
  return {
    id,
    title: row.title ?? '',
    artists: row.artists ?? [],
    ...(row.album === null ? {} : { album: row.album }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.isrc === null ? {} : { isrc: row.isrc }),
    simulated: row.track_simulated === true,
  };
}
