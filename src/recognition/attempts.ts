import type { Sql } from './budget';
import type { AttemptStore, OutsideMethod } from './stages';
import type { DetectionStatus } from './types';
import type { EarlierPlay, UnknownClusters } from './unknown-clusters';

/** An unknown play that the services are to be asked about, without its audio. */
export interface PendingPlay {
  readonly playId: string;
  readonly durationS: number;
  readonly complete: boolean;
  /** How often it was put off. */
  readonly retries: number;
  readonly acoustid?: DetectionStatus;
  readonly audd?: DetectionStatus;
  readonly chromaprint?: string;
}

/** The attempts at unknown plays, in the table `unknown_plays`. */
export class Attempts implements AttemptStore {
  constructor(private readonly sql: Sql) {}

  /**
   * Those of the plays that have ended, are still unknown and have waited as long as they were to; who was never put off
   * first.
   * @param playIds plays that are not asked about just now
   * @param now ms since the epoch
   */
  async pending(playIds: readonly string[], now: number, limit = 500): Promise<PendingPlay[]> {
    const { rows } = await this.sql.raw(
      `SELECT u.play_id, u.chromaprint, u.acoustid, u.audd, u.retries, p.status, ${DURATION} AS duration_s
         FROM unknown_plays u JOIN plays p ON p.id = u.play_id
        WHERE u.play_id = ANY(?::uuid[]) AND p.kind = 'unknown' AND p.status IN ('complete', 'cut')
          AND (u.retry_at IS NULL OR u.retry_at <= to_timestamp(?::double precision / 1000))
        ORDER BY u.retry_at NULLS FIRST, p.started_at LIMIT ?`,
      [`{${playIds.join()}}`, now, limit],
    );
    return rows.map((row) => ({
      ...rowOf(row),
      complete: row.status === 'complete',
      retries: Number(row.retries),
      ...(row.chromaprint === null ? {} : { chromaprint: String(row.chromaprint) }),
    }));
  }

  async postpone(playId: string, until: number): Promise<void> {
    await this.sql.raw(
      `UPDATE unknown_plays SET retries = retries + 1, retry_at = to_timestamp(?::double precision / 1000),
              updated_at = now() WHERE play_id = ?::uuid`,
      [until, playId],
    );
  }

  async saveOutcome(playId: string, method: OutsideMethod, status: DetectionStatus): Promise<void> {
    // `skipped` is no answer: it does not replace one, and the play may be asked about another day.
    await this.sql.raw(
      `UPDATE unknown_plays
          SET ${method} = CASE WHEN ?::text = 'skipped' THEN coalesce(${method}, 'skipped') ELSE ?::text END,
              attempts = attempts + CASE WHEN ?::text = 'skipped' THEN 0 ELSE 1 END,
              updated_at = now()
        WHERE play_id = ?::uuid`,
      [status, status, status, playId],
    );
  }

  async saveChromaprint(playId: string, chromaprint: string): Promise<void> {
    await this.sql.raw(
      'UPDATE unknown_plays SET chromaprint = ?, updated_at = now() WHERE play_id = ?::uuid',
      [chromaprint, playId],
    );
  }

  /**
   * Tells `clusters` of the newest plays that were asked about and are still unknown, oldest first, so that a restart asks nobody twice.
   * @returns how many there were
   */
  async recall(clusters: UnknownClusters, limit = 500): Promise<number> {
    const { rows } = await this.sql.raw(
      `SELECT u.play_id, u.chromaprint, u.acoustid, u.audd,
              ${DURATION} AS duration_s
         FROM unknown_plays u JOIN plays p ON p.id = u.play_id
        WHERE u.chromaprint IS NOT NULL AND p.kind = 'unknown'
          AND (u.acoustid IN ('no_match', 'low_confidence') OR u.audd IN ('no_match', 'low_confidence'))
        ORDER BY p.started_at DESC LIMIT ?`,
      [limit],
    );
    for (const row of rows.reverse()) clusters.remember(String(row.chromaprint), rowOf(row));
    return rows.length;
  }
}

const DURATION = 'extract(epoch FROM p.ended_at - p.started_at)::double precision';

function rowOf(row: Record<string, unknown>): EarlierPlay {
  return {
    playId: String(row.play_id),
    durationS: Number(row.duration_s),
    ...(row.acoustid === null ? {} : { acoustid: row.acoustid as DetectionStatus }),
    ...(row.audd === null ? {} : { audd: row.audd as DetectionStatus }),
  };
}
