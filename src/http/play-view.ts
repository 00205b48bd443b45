import type { ListedPlay } from '../plays/rows';
import type { Play } from '../plays/types';

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

interface TrackOfPlay {
  readonly id: number;
  readonly title: string;
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly isrc?: string;
}

export function playView(play: ListedPlay): PlayView {
  const { trackId, title } = play;
  return {
    id: play.id,
    revision: play.revision,
    station: { id: play.stationId, name: play.stationName, simulated: play.simulated },
    ...whatOf(play),
    ...(trackId === undefined || title === undefined
      ? {}
      : {
          track: {
            id: trackId,
            title,
            artists: play.artists,
            ...(play.album === undefined ? {} : { album: play.album }),
            ...(play.label === undefined ? {} : { label: play.label }),
            ...(play.isrc === undefined ? {} : { isrc: play.isrc }),
          },
        }),
  };
}

/** What a play once said, of which only the bare line is kept. */
export function revisionView(play: Play & { readonly replacedAt: number }): object {
  return {
    revision: play.revision,
    replaced_at: new Date(play.replacedAt).toISOString(),
    ...(play.trackId === undefined ? {} : { track_id: play.trackId }),
    ...whatOf(play),
  };
}

function whatOf(play: Play) {
  return {
    kind: play.kind,
    status: play.status,
    ...(play.method === undefined ? {} : { method: play.method }),
    ...(play.confidence === undefined ? {} : { confidence: play.confidence }),
    started_at: new Date(play.startedAt).toISOString(),
    start_error_s: play.startErrorS,
    ended_at: new Date(play.endedAt).toISOString(),
    end_error_s: play.endErrorS,
    duration_s: (play.endedAt - play.startedAt) / 1_000,
    ...(play.cutReason === undefined ? {} : { cut_reason: play.cutReason }),
  };
}
