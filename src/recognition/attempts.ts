import type { Sql } from './budget';
import type { AttemptStore, OutsideMethod } from './stages';
import type { DetectionStatus } from './types';
import type { EarlierPlay, UnknownClusters } from './unknown-clusters';

/** The attempts at unknown plays, in the table `unknown_plays`; its rows are made with the plays. */
export class Attempts implements AttemptStore {
  constructor(private readonly sql: Sql) {}

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
              extract(epoch FROM p.ended_at - p.started_at)::double precision AS duration_s
         FROM unknown_plays u JOIN plays p ON p.id = u.play_id
        WHERE u.chromaprint IS NOT NULL AND p.kind = 'unknown'
          AND (u.acoustid IN ('no_match', 'low_confidence') OR u.audd IN ('no_match', 'low_confidence'))
        ORDER BY p.started_at DESC LIMIT ?`,
      [limit],
    );
    for (const row of rows.reverse()) {
      const play: EarlierPlay = {
        playId: String(row.play_id),
        durationS: Number(row.duration_s),
        ...(row.acoustid === null ? {} : { acoustid: row.acoustid as DetectionStatus }),
        ...(row.audd === null ? {} : { audd: row.audd as DetectionStatus }),
      };
      clusters.remember(String(row.chromaprint), play);
    }
    return rows.length;
  }
}
