import type { Sql } from './budget';
import type { AttemptStore, OutsideMethod } from './stages';
import type { DetectionStatus } from './types';
import type { EarlierPlay, UnknownClusters } from './unknown-clusters';

/** An unknown play that the services have not answered about, without its audio. */
export interface PendingPlay {
  readonly playId: string;
  readonly durationS: number;
  readonly complete: boolean;
  readonly acoustid?: DetectionStatus;
  readonly audd?: DetectionStatus;
  readonly chromaprint?: string;
}

/** The attempts at unknown plays, in the table `unknown_plays`. */
export class Attempts implements AttemptStore {
  constructor(private readonly sql: Sql) {}

  /**
   * Closed plays that are still unknown and that a service may yet answer about, oldest first; to be queued at a start,
   * and now and then.
   * @param maxAttempts plays that have been tried more often are left alone
   */
  async pending(options: { limit?: number; maxAttempts?: number } = {}): Promise<PendingPlay[]> {
    const { limit = 200, maxAttempts = 6 } = options;
    const { rows } = await this.sql.raw(
      `SELECT u.play_id, u.chromaprint, u.acoustid, u.audd, p.status, ${DURATION} AS duration_s
         FROM unknown_plays u JOIN plays p ON p.id = u.play_id
        WHERE p.kind = 'unknown' AND p.status IN ('complete', 'cut') AND u.attempts < ?
          AND NOT (coalesce(u.acoustid, '') IN (${ANSWERS}) AND coalesce(u.audd, '') IN (${ANSWERS}))
        ORDER BY p.started_at LIMIT ?`,
      [maxAttempts, limit],
    );
    return rows.map((row) => ({
      ...rowOf(row),
      complete: row.status === 'complete',
      ...(row.chromaprint === null ? {} : { chromaprint: String(row.chromaprint) }),
    }));
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
const ANSWERS = "'success', 'no_match', 'low_confidence'";

function rowOf(row: Record<string, unknown>): EarlierPlay {
  return {
    playId: String(row.play_id),
    durationS: Number(row.duration_s),
    ...(row.acoustid === null ? {} : { acoustid: row.acoustid as DetectionStatus }),
    ...(row.audd === null ? {} : { audd: row.audd as DetectionStatus }),
  };
}
