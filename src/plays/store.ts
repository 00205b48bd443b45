import type { Knex } from 'knex';
import { AppError } from '../errors';
import type { DetectionMethod } from '../recognition/types';
import { csvOf } from './csv';
import { type DailyReport, dailyReport } from './daily-report';
import { applyFilters, decodeCursor, encodeCursor, type PlayFilters } from './filters';
import { isProgress, type ListedPlay, type ListedRow, type PlayRow, toListed, toPlay, toRow } from './rows';
import type { Play } from './types';

export interface PlayPage {
  readonly items: readonly ListedPlay[];
  /** Give it back for the page after this one; absent on the last. */
  readonly nextCursor?: string;
}

export interface PlayDetail extends ListedPlay {
  /** What it said before, oldest first, with the moment at which each was replaced (ms). */
  readonly revisions: readonly (Play & { readonly replacedAt: number })[];
}

/** Seconds after its last audio for which an open play counts as going on: it is written every 20 s. */
const NOW_S = 60;
const MAX_PAGE = 500;

/** Plays in PostgreSQL. */
export class PlayStore {
  readonly #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  /**
   * Writes revisions, all or none. One that is not above what is there changes nothing; what it replaces is kept in
   * `play_revisions`, except how far an open play had got.
   */
  async write(plays: readonly Play[]): Promise<void> {
    if (plays.length === 0) return;
    await this.#knex.transaction(async (trx) => {
      // Two writers of one play wait for each other, also where there is no row yet; in one order, so not for ever.
      const ids = [...new Set(plays.map(({ id }) => id))].sort();
      await trx.raw(
        'SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(?::text[]) WITH ORDINALITY AS l(id, n) ORDER BY n',
        [ids],
      );
      const rows = await trx<PlayRow>('plays').whereIn('id', ids);
      const current = new Map(rows.map((row) => [row.id, toPlay(row)]));
      const stored = new Map(current);
      const former: Play[] = [];
      for (const play of plays) {
        const before = current.get(play.id);
        if (before && before.revision >= play.revision) continue;
        if (before && !isProgress(before, play)) former.push(before);
        current.set(play.id, play);
      }
      const changed = [...current.values()].filter((play) => stored.get(play.id) !== play);
      if (changed.length === 0) return;
      await trx('plays').insert(changed.map(toRow)).onConflict('id').merge();
      await trx('plays')
        .whereIn(
          'id',
          changed.map(({ id }) => id),
        )
        .update({ updated_at: trx.fn.now() });
      if (former.length > 0) {
        await trx('play_revisions')
          .insert(
            former.map((play) => ({
              play_id: play.id,
              revision: play.revision,
              row: JSON.stringify(toJsonRow(play)),
            })),
          )
          .onConflict(['play_id', 'revision'])
          .ignore();
      }
    });
  }

  /** Plays that are going on, or were when the service stopped. */
  async openPlays(stationId?: number): Promise<Play[]> {
    const query = this.#knex<PlayRow>('plays').where('status', 'open').orderBy('started_at');
    if (stationId !== undefined) query.where('station_id', stationId);
    return ((await query) as PlayRow[]).map(toPlay);
  }

  /** Newest first; pages stay where they are while plays are added. @throws AppError `invalid_cursor` */
  async list(filters: PlayFilters & { cursor?: string; pageSize?: number } = {}): Promise<PlayPage> {
    const pageSize = Math.min(MAX_PAGE, Math.max(1, Math.trunc(filters.pageSize ?? 50)));
    const query = this.#listed();
    applyFilters(query, filters);
    if (filters.cursor !== undefined) {
      const { startedAt, id } = decodeCursor(filters.cursor);
      query.whereRaw('(p.started_at, p.id) < (?::timestamptz, ?::uuid)', [
        new Date(startedAt).toISOString(),
        id,
      ]);
    }
    const rows: ListedRow[] = await query
      .orderBy([
        { column: 'p.started_at', order: 'desc' },
        { column: 'p.id', order: 'desc' },
      ])
      .limit(pageSize + 1);
    const items = rows.slice(0, pageSize).map(toListed);
    const last = items.at(-1);
    return rows.length > pageSize && last ? { items, nextCursor: encodeCursor(last) } : { items };
  }

  async count(filters: PlayFilters = {}): Promise<number> {
    const query = this.#knex('plays as p')
      .join('stations as s', 's.id', 'p.station_id')
      .leftJoin('tracks as t', 't.id', 'p.track_id');
    applyFilters(query, filters);
    const [row] = await query.count({ n: '*' });
    return Number(row?.n);
  }

  /** One play with its evidence and its history; undefined when there is none of this id. */
  async get(id: string): Promise<PlayDetail | undefined> {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return undefined;
    const row: ListedRow | undefined = await this.#listed().where('p.id', id).first();
    if (!row) return undefined;
    const revisions: { row: PlayRow; replaced_at: Date }[] = await this.#knex('play_revisions')
      .where('play_id', id)
      .orderBy('revision');
    return {
      ...toListed(row),
      revisions: revisions.map(({ row: former, replaced_at }) => ({
        ...toPlay(former),
        replacedAt: replaced_at.getTime(),
      })),
    };
  }

  /** What the station is playing, as far as the database knows; @param nowMs the service's clock */
  async now(stationId: number, nowMs: number = Date.now()): Promise<ListedPlay | undefined> {
    const row: ListedRow | undefined = await this.#listed()
      .where('p.station_id', stationId)
      .where('p.status', 'open')
      .where('p.ended_at', '>=', new Date(nowMs - NOW_S * 1000).toISOString())
      .orderBy('p.started_at', 'desc')
      .first();
    return row && toListed(row);
  }

  /** The export, piece by piece: a header, then a line per play, newest first. */
  async *streamCsv(filters: PlayFilters = {}): AsyncGenerator<string> {
    yield csvOf([], { header: true });
    for (let cursor: string | undefined; ; ) {
      const page = await this.list({ ...filters, ...(cursor ? { cursor } : {}), pageSize: MAX_PAGE });
      if (page.items.length > 0) yield csvOf(page.items, { header: false });
      if (page.nextCursor === undefined) return;
      cursor = page.nextCursor;
    }
  }

  /** The day's plays per recording and station, and the music nobody named. @throws AppError `invalid_day` */
  dailyReport(day: string): Promise<DailyReport> {
    return dailyReport(this.#knex, day);
  }

  /**
   * Unknown music has been named: a new revision that says so.
   * @throws AppError `play_not_found`, `play_not_unknown`
   */
  async identified(
    playId: string,
    trackId: number,
    method: DetectionMethod,
    confidence?: number,
  ): Promise<Play> {
    return this.#knex.transaction(async (trx) => {
      await trx.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [playId]);
      const row = await trx<PlayRow>('plays').where('id', playId).first();
      if (!row) {
        throw new AppError('play_not_found', 404, {
          fr: `La diffusion ${playId} n'existe pas.`,
          en: `There is no play ${playId}.`,
        });
      }
      const before = toPlay(row as PlayRow);
      const play = asIdentified(before, trackId, method, confidence);
      await trx('plays')
        .where('id', playId)
        .update({ ...toRow(play), updated_at: trx.fn.now() });
      await trx('play_revisions').insert({
        play_id: playId,
        revision: before.revision,
        row: JSON.stringify(toJsonRow(before)),
      });
      return play;
    });
  }

  #listed(): Knex.QueryBuilder {
    return this.#knex('plays as p')
      .join('stations as s', 's.id', 'p.station_id')
      .leftJoin('tracks as t', 't.id', 'p.track_id')
      .select('p.*', 's.name as station_name', 's.simulated', 't.title', 't.album', 't.label', 't.isrc')
      .select(
        this.#knex.raw(`(SELECT array_agg(a.name ORDER BY ta.position) FROM track_artists ta
          JOIN artists a ON a.id = ta.artist_id WHERE ta.track_id = p.track_id) AS artists`),
      );
  }
}

/**
 * The next revision of an unknown play that a service has named.
 * @throws AppError `play_not_unknown`
 */
export function asIdentified(
  play: Play,
  trackId: number,
  method: DetectionMethod,
  confidence?: number,
): Play {
  if (play.kind !== 'unknown') {
    throw new AppError('play_not_unknown', 409, {
      fr: `La diffusion ${play.id} n'est plus inconnue.`,
      en: `The play ${play.id} is not unknown any more.`,
    });
  }
  return {
    ...play,
    revision: play.revision + 1,
    kind: 'track',
    trackId,
    method,
    ...(confidence === undefined ? {} : { confidence }),
  };
}

/** A row as JSON keeps it: the evidence as an object, not as text. */
function toJsonRow(play: Play) {
  return { ...toRow(play), evidence: play.evidence };
}
