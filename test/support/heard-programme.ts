import type { ContentKind, RecognitionReport, TrackLine } from '../../src/recognition/types';

/** Something on the air, seconds from the session's start; items may overlap (crossfade). */
export interface Aired {
  readonly fromS: number;
  readonly toS: number;
  /** Absent: music that the library does not hold. */
  readonly trackId?: number;
  /** Second of the recording that sounds at `fromS`. */
  readonly refFromS: number;
  readonly tempo: number;
  readonly trackDurationS: number;
  /** Speech that hides the music for a while. */
  readonly hidden: readonly { readonly fromS: number; readonly toS: number }[];
}

/** The same numbers every time, from a seed. */
export { random as seeded } from './airplay';

const HOP_S = 2.5;

/**
 * What a recogniser says of a programme: lines accepted 8–14 s after they can be heard, with small errors, closed a few
 * seconds after their end; content by what sounds. Everything from `random`, so the same for the same seed.
 */
export function reportsOf(
  aired: readonly Aired[],
  lengthS: number,
  random: () => number,
  ids: { stationId: number; sessionId: string },
): RecognitionReport[] {
  // A line per stretch between two hidden ones that is long enough to be accepted.
  const lines = aired.flatMap((item) => {
    if (item.trackId === undefined) return [];
    const edges = [item.fromS, ...item.hidden.flatMap(({ fromS, toS }) => [fromS, toS]), item.toS];
    const stretches: {
      item: Aired;
      from: number;
      to: number;
      acceptedAt: number;
      closedAt: number;
      noise: number;
    }[] = [];
    for (let i = 0; i < edges.length; i += 2) {
      const [from, to] = [edges[i]!, Math.min(edges[i + 1]!, lengthS)];
      const acceptedAt = from + 8 + random() * 6;
      const noise = (random() - 0.5) * 0.6;
      if (acceptedAt < to)
        stretches.push({ item, from, to, acceptedAt, closedAt: to + 2.5 + random() * 6, noise });
    }
    return stretches;
  });
  const started = new Map<(typeof lines)[number], { lineId: number; windows: number; closed: boolean }>();
  let nextLine = 1;
  const reports: RecognitionReport[] = [];
  for (let upToS = HOP_S; upToS <= lengthS + 1e-9; upToS += HOP_S) {
    const last = upToS + HOP_S > lengthS;
    const said: TrackLine[] = [];
    for (const line of lines) {
      const state = started.get(line) ?? { lineId: nextLine, windows: 0, closed: false };
      if (state.closed || upToS < line.acceptedAt) continue;
      if (!started.has(line)) {
        started.set(line, state);
        nextLine += 1;
      }
      state.windows += 1;
      state.closed = upToS >= line.closedAt || last;
      const { item } = line;
      const startS = line.from + line.noise;
      const endS = Math.max(startS, Math.min(line.to, upToS) + line.noise);
      const ref = (s: number) => Math.min(item.trackDurationS, item.refFromS + (s - item.fromS) * item.tempo);
      said.push({
        lineId: state.lineId,
        trackId: item.trackId!,
        tempo: item.tempo,
        pitch: item.tempo,
        startS,
        endS,
        startErrorS: 0.5,
        endErrorS: 1,
        refStartS: ref(startS),
        refEndS: ref(endS),
        trackDurationS: item.trackDurationS,
        windows: state.windows,
        bestZ: 20,
        confidence: 0.99,
        closed: state.closed,
      });
    }
    reports.push({ ...ids, upToS, hopS: HOP_S, content: contentAt(aired, upToS - HOP_S / 2), lines: said });
  }
  return reports;
}

function contentAt(aired: readonly Aired[], atS: number): ContentKind {
  const sounding = aired.filter(({ fromS, toS }) => fromS <= atS && atS < toS);
  if (sounding.length === 0) return 'speech';
  const hidden = (item: Aired) => item.hidden.some(({ fromS, toS }) => fromS <= atS && atS < toS);
  return sounding.every(hidden) ? 'speech' : 'music';
}
