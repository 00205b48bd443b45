import type { DetectionStatus, RecognitionReport } from '../types';
import { departure, toQuery } from './alignment';
import { contentOf } from './content';
import { type FrameLevel, FrontEnd } from './front-end';
import { type LandmarkIndex, peaksNear, referenceAt } from './landmark-index';
import { Line } from './line';
import {
  DENSE_LANDMARKS,
  FRAMES_PER_SECOND,
  HOP_FRAMES,
  HOP_S,
  HOP_SAMPLES,
  MIN_WINDOW_FRAMES,
  SAMPLE_RATE_HZ,
  SPARSE_LANDMARKS,
  WINDOW_FRAMES,
} from './params';
import { type PeakMap, QueryHistory } from './query';
import type { Candidate, Hypothesis, Searcher } from './search';
import { CERTAIN, examine, isAtOtherSpeed, isLikely, type Verification } from './verify';

/** Past of a session that is kept to walk back in. */
const HISTORY_FRAMES = 120 * FRAMES_PER_SECOND;
/** A line that was heard this lately needs no search beside it. */
const HEALTHY = 6 * FRAMES_PER_SECOND;
/** So near the end of a recording the next one may already sound: the longest fade, and half a window of it. */
const NEAR_END = 10 * FRAMES_PER_SECOND;

const both = (ratio: number): Hypothesis => ({ tempo: ratio, pitch: ratio });
/** Speeds and tempos that stations use, tried in turn; the refinement covers what lies between them. */
export const HYPOTHESES: readonly Hypothesis[] = [
  both(1.01),
  both(0.99),
  both(1.02),
  both(0.98),
  both(1.03),
  both(0.97),
  both(1.04),
  both(0.96),
  both(1.05),
  both(0.95),
  { tempo: 1.02, pitch: 1 },
  { tempo: 0.98, pitch: 1 },
  { tempo: 1.04, pitch: 1 },
  { tempo: 0.96, pitch: 1 },
];
export const AS_RECORDED = both(1);
/** Most stations change no speed, or less than this. */
const USUAL = 0.0101;

/** Landmarks per block that a hypothesis is worth: few for those that seldom hold, of which there are many. */
export function landmarksFor(hypothesis: Hypothesis): number {
  return departure(hypothesis) < USUAL ? DENSE_LANDMARKS : SPARSE_LANDMARKS;
}
/** Rotated hypotheses per window, beside 1.0 and the station's last speed; fewer once nothing was found for 20 s. */
const TRIED_PER_WINDOW = 2;
const TRIED_LATER = 1;
const LATER = 8;

/** What all trackers of one worker share: the index, and scratch memory. */
export interface SharedTools {
  index: LandmarkIndex;
  readonly searcher: Searcher;
  readonly map: PeakMap;
}

/** Longest stretch that a `PeakMap` of the tracker holds, frames. */
export const MAP_FRAMES = WINDOW_FRAMES + 8;

/** What a station's sessions have in common. */
export interface StationMemory {
  /** Speed at which it last played something. */
  hypothesis: Hypothesis | undefined;
}

/** One search of one window: an attempt at recognition, to be counted. */
export interface Attempt {
  readonly status: Extract<DetectionStatus, 'success' | 'no_match' | 'low_confidence'>;
  readonly seconds: number;
  readonly confidence?: number;
}

export interface TrackerReport {
  readonly report: RecognitionReport;
  readonly attempt?: Attempt;
}

interface Found {
  /** Frame at which its window ended. */
  readonly at: number;
  readonly candidate: Candidate;
  readonly trackId: number;
  readonly verification: Verification;
}

/**
 * Recognises and follows what one session plays: windows of up to 10 s every 2.5 s. While a line is heard it is only
 * followed; the library is searched when there is none, or when one is about to end.
 */
export class SessionTracker {
  private readonly frontEnd = new FrontEnd();
  private readonly history = new QueryHistory(HISTORY_FRAMES);
  private lines: Line[] = [];
  /** Lines that ended within the history. */
  private past: Line[] = [];
  /** What was likely in the last windows. */
  private likely: Found[] = [];
  private levels: FrameLevel[] = [];
  private turn = 0;
  /** Windows that were searched since something was last followed. */
  private fruitless = 0;
  lastLineId: number;
  /** Seconds of the session that were before this tracker's first sample. */
  private readonly baseS: number;

  /** @param from where in the session it begins, and above which number its lines are counted */
  constructor(
    private readonly stationId: number,
    private readonly sessionId: string,
    private readonly tools: SharedTools,
    private readonly memory: StationMemory,
    from: { readonly firstSample: number; readonly lastLineId: number } = { firstSample: 0, lastLineId: 0 },
  ) {
    this.baseS = from.firstSample / SAMPLE_RATE_HZ;
    this.lastLineId = from.lastLineId;
  }

  /** Takes the session's next samples; one report per 2.5 s of audio. */
  audio(samples: Int16Array): TrackerReport[] {
    const reports: TrackerReport[] = [];
    for (const block of this.frontEnd.push(samples)) {
      this.history.push(block);
      this.levels.push(...block.frames);
      if (this.history.endFrame % HOP_FRAMES === 0) reports.push(this.window());
    }
    return reports;
  }

  /** The session is over: whatever was open is closed. */
  end(): TrackerReport | undefined {
    for (const line of this.lines) line.close();
    const lines = this.lines.map((line) => line.toTrackLine(this.baseS));
    this.lines = [];
    if (lines.length === 0) return undefined;
    return { report: { ...this.describe(), hopS: 0, lines } };
  }

  private window(): TrackerReport {
    const to = this.history.endFrame;
    const before = this.lines;
    this.follow(to);
    const described = this.describe();
    this.levels = [];
    const searching = this.mustSearch(to) && described.content !== 'silence';
    const attempt = searching ? this.search(to) : undefined;
    this.settle();
    this.fruitless = searching && this.lines.length === 0 ? this.fruitless + 1 : 0;
    if (!searching) this.likely = [];
    const touched = [...new Set([...before, ...this.lines])].map((line) => line.toTrackLine(this.baseS));
    this.past.push(...this.lines.filter((line) => line.closed));
    this.past = this.past.filter((line) => line.lastHeard > this.history.firstFrame);
    this.lines = this.lines.filter((line) => !line.closed);
    return { report: { ...described, lines: touched }, ...(attempt && { attempt }) };
  }

  private describe() {
    return {
      stationId: this.stationId,
      sessionId: this.sessionId,
      upToS: this.baseS + (this.history.endFrame * HOP_SAMPLES) / SAMPLE_RATE_HZ,
      content: contentOf(this.levels),
      hopS: HOP_S,
    };
  }

  private follow(to: number): void {
    if (this.lines.length === 0) return;
    const from = to - 2 * HOP_FRAMES;
    const { map } = this.tools;
    map.load(this.history.between(from, to), from, to);
    for (const line of this.lines) line.advance(map);
  }

  /** Ends lines and places starts: after the search, as a song that has just been found may begin under one that ends. */
  private settle(): void {
    const { lines, history, neighbours } = this;
    for (const line of lines) if (line.isOver) line.close(neighbours);
    for (const line of lines) if (line.startIsDue) line.settleStart(history, this.tools.map, neighbours);
  }

  private get neighbours(): Line[] {
    return [...this.past, ...this.lines];
  }

  private mustSearch(to: number): boolean {
    if (to - this.history.firstFrame < MIN_WINDOW_FRAMES || this.tools.index.trackIds.length === 0)
      return false;
    return !this.lines.some(
      (line) => !line.closed && to - line.lastHeard < HEALTHY && line.over - to > NEAR_END,
    );
  }

  private search(to: number): Attempt {
    const began = performance.now();
    const from = Math.max(this.history.firstFrame, to - WINDOW_FRAMES);
    this.tools.map.load(this.history.between(from, to), from, to);
    const found: Found[] = [];
    for (const { hypothesis, landmarks } of this.questions()) {
      const query = this.history.landmarksBetween(from, to, landmarks);
      for (const candidate of this.tools.searcher.search(query, hypothesis, this.tools.map)) {
        const result = this.verifyCandidate(candidate);
        if (result && isLikely(result.verification)) found.push(result);
      }
      // A certain answer needs no other hypothesis.
      if (found.some(({ verification }) => verification.z >= CERTAIN)) break;
    }
    found.sort((a, b) => b.verification.z - a.verification.z);
    const best = found[0];
    // On one window that is certain, or on two likely ones on the same line, 5 s apart: a sampled chord fills one window,
    // and the next one half.
    const accepted =
      best &&
      (best.verification.z >= CERTAIN ||
        this.likely.some((former) => former.at <= to - 2 * HOP_FRAMES && sameLine(former, best)))
        ? this.accept(best)
        : undefined;
    const fresh = this.likely.filter(({ at }) => at > to - 3 * HOP_FRAMES);
    this.likely = accepted ? [] : [...found, ...fresh];
    const seconds = (performance.now() - began) / 1000;
    if (accepted) return { status: 'success', seconds, confidence: accepted.confidence };
    return { status: best ? 'low_confidence' : 'no_match', seconds };
  }

  /** What a window is asked, the likeliest first, and with how many landmarks. */
  private questions(): { hypothesis: Hypothesis; landmarks: number }[] {
    const likely = [AS_RECORDED];
    if (this.memory.hypothesis) likely.unshift(this.memory.hypothesis);
    // What was likely in the last window is asked again, whatever the turn.
    for (const { verification } of this.likely.slice(0, 1)) likely.push(verification.alignment);
    const tried = this.fruitless < LATER ? TRIED_PER_WINDOW : TRIED_LATER;
    const turns = Array.from({ length: tried }, () => HYPOTHESES[this.turn++ % HYPOTHESES.length]!);
    return [
      ...likely.map((hypothesis) => ({ hypothesis, landmarks: DENSE_LANDMARKS })),
      ...turns.map((hypothesis) => ({ hypothesis, landmarks: landmarksFor(hypothesis) })),
    ];
  }

  private verifyCandidate(candidate: Candidate): Found | undefined {
    const { index, map } = this.tools;
    const trackId = index.trackIds[candidate.track]!;
    const words = peaksNear(index, candidate.track, map, candidate.alignment);
    const verification = examine(words, map, candidate.alignment);
    if (!verification) return undefined;
    const found = { at: this.history.endFrame, candidate, trackId, verification };
    return this.isFollowed(found) ? undefined : found;
  }

  /** Is it what an open line already tells: the same track going on, or another copy of the same recording? */
  private isFollowed({ candidate, trackId, verification }: Found): boolean {
    const origin = toQuery(verification.alignment, 0);
    const to = this.history.endFrame;
    const duration = this.tools.index.durations[candidate.track]! * FRAMES_PER_SECOND;
    const over = toQuery(verification.alignment, duration);
    // Of a line that has ended, the last seconds may still be in the window.
    const recent = this.past.filter((line) => line.lastHeard > to - WINDOW_FRAMES);
    return [...this.lines, ...recent].some((line) => {
      if (Math.abs(line.origin - origin) < 32 && Math.abs(line.over - over) < 160) return true;
      if (line.trackId !== trackId) return false;
      return line.agreesWith(verification.alignment) || (!line.closed && to - line.lastHeard < 2 * HEALTHY);
    });
  }

  private accept({ candidate, trackId, verification }: Found): Line {
    const { index, map } = this.tools;
    for (const line of this.lines) if (line.trackId === trackId) line.close();
    const recording = referenceAt(index, candidate.track);
    const line = new Line(++this.lastLineId, recording, verification, this.history, map, this.neighbours);
    this.lines.push(line);
    const { tempo, pitch } = verification.alignment;
    this.memory.hypothesis = isAtOtherSpeed(verification.alignment) ? { tempo, pitch } : undefined;
    return line;
  }
}

function sameLine(a: Found, b: Found): boolean {
  if (a.trackId !== b.trackId) return false;
  const [p, q] = [a.verification.alignment, b.verification.alignment];
  return Math.abs(toQuery(p, q.referenceAt) - q.queryAt) < 8 && Math.abs(p.tempo - q.tempo) < 0.01;
}
