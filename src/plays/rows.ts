import type { Play, PlayEvidence } from './types';

/** A play as it is listed: with the names of what it refers to. */
export interface ListedPlay extends Play {
  readonly stationName: string;
  /** Of a simulated station: no royalty is paid on it. */
  readonly simulated: boolean;
  readonly title?: string;
  /** In the order of the recording's credits. */
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly isrc?: string;
}

/** Columns of `plays` as PostgreSQL gives them. */
export interface PlayRow {
  id: string;
  revision: number;
  station_id: string | number;
  kind: Play['kind'];
  status: Play['status'];
  track_id: string | number | null;
  method: Play['method'] | null;
  confidence: number | null;
  started_at: Date | string;
  start_error_s: number;
  ended_at: Date | string;
  end_error_s: number;
  cut_reason: string | null;
  evidence: PlayEvidence;
}

export interface ListedRow extends PlayRow {
  station_name: string;
  simulated: boolean;
  title: string | null;
  album: string | null;
  label: string | null;
  isrc: string | null;
  artists: string[] | null;
}

/** A play of the database's row, or of one that was kept as JSON in play_revisions. */
export function toPlay(row: PlayRow): Play {
  return {
    id: row.id,
    revision: row.revision,
    stationId: Number(row.station_id),
    kind: row.kind,
    status: row.status,
    ...(row.track_id === null ? {} : { trackId: Number(row.track_id) }),
    ...(row.method == null ? {} : { method: row.method }),
    ...(row.confidence === null ? {} : { confidence: row.confidence }),
    startedAt: new Date(row.started_at).getTime(),
    startErrorS: row.start_error_s,
    endedAt: new Date(row.ended_at).getTime(),
    endErrorS: row.end_error_s,
    ...(row.cut_reason === null ? {} : { cutReason: row.cut_reason }),
    evidence: row.evidence,
  };
}

export function toListed(row: ListedRow): ListedPlay {
  return {
    ...toPlay(row),
    stationName: row.station_name,
    simulated: row.simulated,
    ...(row.title === null ? {} : { title: row.title }),
    artists: row.artists ?? [],
    ...(row.album === null ? {} : { album: row.album }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.isrc === null ? {} : { isrc: row.isrc }),
  };
}

/** @throws TypeError where a time is none: PostgreSQL would take a missing one for 1970 */
export function toRow(play: Play) {
  if (!Number.isFinite(play.startedAt) || !Number.isFinite(play.endedAt)) {
    throw new TypeError(`play ${play.id} has no time`);
  }
  return {
    id: play.id,
    revision: play.revision,
    station_id: play.stationId,
    kind: play.kind,
    status: play.status,
    track_id: play.trackId ?? null,
    method: play.method ?? null,
    confidence: play.confidence ?? null,
    started_at: new Date(play.startedAt).toISOString(),
    start_error_s: play.startErrorS,
    ended_at: new Date(play.endedAt).toISOString(),
    end_error_s: play.endErrorS,
    cut_reason: play.cutReason ?? null,
    evidence: JSON.stringify(play.evidence),
  };
}

/** Whether a revision only says how far an open play has got: that replaces nothing anybody would ask about. */
export function isProgress(former: Play, next: Play): boolean {
  return (
    former.status === 'open' &&
    next.status === 'open' &&
    former.kind === next.kind &&
    former.trackId === next.trackId &&
    former.method === next.method &&
    next.endedAt >= former.endedAt &&
    Math.abs(former.startedAt - next.startedAt) <= former.startErrorS * 1000
  );
}
