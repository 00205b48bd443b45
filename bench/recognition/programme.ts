import { decodeFile } from '../../src/capture/decode-file';
import { newPlayId } from '../../src/plays/id';
import type { Segmented } from '../../src/plays/segmented';
import { Segmenter } from '../../src/plays/segmenter';
import type { Play } from '../../src/plays/types';
import type { LandmarkIndex } from '../../src/recognition/local/landmark-index';
import { PeakMap } from '../../src/recognition/local/query';
import { Searcher } from '../../src/recognition/local/search';
import { MAP_FRAMES, SessionTracker, type StationMemory } from '../../src/recognition/local/tracker';
import { EncodedSource } from '../../src/simulator/live/source';
import { Mixer } from '../../src/simulator/mixer';
import type { Programme } from '../../src/simulator/programme';
import type { AudioProvider } from '../../src/simulator/recorded-audio';

/** Session times are milliseconds from the programme's start; the plays' clock begins here. */
export const ZERO_MS = Date.UTC(2026, 0, 1);

/** A programme as a station sends it: mixed, through a radio chain, MP3; and as capture decodes it, 8 kHz mono. */
export function air(programme: Programme, audio: AudioProvider, ms: number): Int16Array {
  const source = new EncodedSource({
    codec: 'mp3',
    mixer: new Mixer(programme, audio),
    muted: () => false,
    fromMs: 0,
    tagsAt: () => [],
    radioChain: true,
  });
  const pieces = source.advance(ms).map(({ data }) => data);
  source.close();
  return decodeFile(Buffer.concat(pieces)).samples;
}

export interface Heard {
  /** Every play as it stands in the end. */
  readonly plays: readonly Play[];
  /** Plays that were taken back when they were over, as they last stood, with what they were worth then. */
  readonly withdrawn: readonly Play[];
  /** When each track was first reported, ms from the programme's start. */
  readonly named: readonly { readonly trackId: number; readonly atMs: number; readonly startMs: number }[];
}

/** One station, heard by the real tracker and segmenter; each drop-out of the programme ends a session. */
export function hear(programme: Programme, audio: AudioProvider, ms: number, index: LandmarkIndex): Heard {
  const samples = air(programme, audio, ms);
  const segmenter = new Segmenter({ stationId: 1, newId: newPlayId });
  const tools = { index, searcher: new Searcher(index), map: new PeakMap(MAP_FRAMES) };
  const memory: StationMemory = { hypothesis: undefined };
  const last = new Map<string, Play>();
  const named: { trackId: number; atMs: number; startMs: number }[] = [];
  const withdrawn: Play[] = [];
  const take = ({ plays, notes }: Segmented) => {
    for (const note of notes) {
      if (note.what !== 'withdrawn' || note.confidence === undefined) continue;
      const said = last.get(note.playId);
      if (said) withdrawn.push({ ...said, confidence: note.confidence });
    }
    for (const play of plays) last.set(play.id, play);
  };
  const outages = programme.dropoutsBetween(0, ms);
  const edges = [0, ...outages.flatMap(({ startMs, endMs }) => [startMs, endMs]), ms];
  for (let i = 0; i < edges.length; i += 2) {
    const [fromMs, toMs] = [edges[i]!, Math.min(edges[i + 1]!, ms)];
    const sessionId = `s${i / 2}`;
    const tracker = new SessionTracker(1, sessionId, tools, memory);
    const part = samples.subarray(fromMs * 8, toMs * 8);
    const seen = new Set<number>();
    const zero = ZERO_MS + fromMs;
    take(segmenter.sessionStarted(sessionId));
    const tell = (reports: ReturnType<SessionTracker['audio']>) => {
      for (const { report } of reports) {
        for (const { lineId, trackId, startS } of report.lines) {
          if (seen.has(lineId)) continue;
          seen.add(lineId);
          named.push({ trackId, atMs: fromMs + 1000 * report.upToS, startMs: fromMs + 1000 * startS });
        }
        take(segmenter.report(report, zero));
        take(segmenter.tick(zero + 1000 * report.upToS));
      }
    };
    for (let at = 0; at < part.length; at += 20_000) tell(tracker.audio(part.subarray(at, at + 20_000)));
    const end = tracker.end();
    if (end) tell([end]);
    const event = { stationId: 1, sessionId, detail: '', samples: part.length };
    const lost = i + 2 < edges.length ? { ...event, fault: 'stall' as const } : event;
    take(segmenter.sessionEnded(lost, part.length / 8000, ZERO_MS + toMs));
    take(segmenter.drained(sessionId));
  }
  take(segmenter.tick(ZERO_MS + ms + 600_000));
  return { plays: [...last.values()], withdrawn, named };
}
