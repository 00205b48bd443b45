import type { TrackLine } from '../types';
import { type Alignment, type Point, toQuery, toReference } from './alignment';
import { confidenceOf } from './confidence';
import { forEachEvidence, type Presence, presenceOf, Trail } from './evidence';
import { FRAME_CENTRE_S, FRAMES_PER_SECOND } from './params';
import { bestStretch, walkBack } from './placing';
import type { PeakMap, QueryHistory } from './query';
import type { QuietEdges } from './quiet-edges';
import { faintEdges, type ReferenceTrack } from './reference';
import { slope, steered } from './steering';
import { type Verification, verify } from './verify';

/** Evidence against a line is counted no further than this, so that a song is taken up again after speech. */
const FLOOR = 25;
/** A line is closed after this long without new evidence for it, frames. */
const PATIENCE = 20 * FRAMES_PER_SECOND;
/** Closer than this to the recording's edge, the edge is taken unless evidence contradicts, frames. */
const SNAP = 3 * FRAMES_PER_SECOND;
const CONTRADICTION = 10;
/** No station fades one song under the next for longer than this, frames. */
const OVERLAP = 5 * FRAMES_PER_SECOND;
/** A line that was not heard up to its end stays open for so long, frames: what comes next tells how far it may have gone. */
const WAIT = 12 * FRAMES_PER_SECOND;
/** A score that leaves no doubt: no higher one is looked for. */
const PROVEN = 30;
/** Windows after which a line's start is placed for good. */
const SETTLED = 4;

/** One recording, followed on one session from where it was recognised, back to its start and on to its end. */
export class Line {
  readonly trackId: number;
  private readonly durationFrames: number;
  private readonly words: Uint32Array;
  private readonly faint: QuietEdges;
  private presence: Presence;
  /** Share of the recording's peaks that are found while it is heard. */
  private rate: number;
  /** Frames of the session and of the recording between which it was heard. */
  private pivot: Point;
  private settled = false;
  private start: Point = { query: 0, reference: 0 };
  private best: Point = { query: 0, reference: 0 };
  private readonly trail = new Trail(FLOOR);
  private looked: number;
  private snappedEnd = false;
  /** Frames at the edges that were taken with the rest, though nothing was heard of them. */
  private unprovenStart = 0;
  private unprovenEnd = 0;
  private windows = 1;
  private bestZ: number;
  private readonly points: Point[] = [];
  private alignment: Alignment;
  closed = false;

  /**
   * @param recording the line keeps its own copy of the peaks, so that the library may change
   * @param found the accepted verification, over the stretch that `map` holds
   * @param others lines of the session, open or ended
   */
  constructor(
    readonly lineId: number,
    recording: ReferenceTrack,
    private readonly found: Verification,
    history: QueryHistory,
    map: PeakMap,
    others: readonly Line[],
  ) {
    this.trackId = recording.trackId;
    this.durationFrames = recording.durationS * FRAMES_PER_SECOND;
    this.words = recording.words;
    this.faint = faintEdges(recording);
    this.alignment = found.alignment;
    this.rate = found.hits / Math.max(1, found.expected);
    this.presence = presenceOf(this.rate, found);
    this.bestZ = found.z;
    this.looked = map.toFrame;
    // Twice: the share of peaks that are found is known better once the stretch is.
    this.placeInWindow(map);
    this.placeInWindow(map);
    const after = { from: this.best.query + 0.5, to: map.toFrame };
    forEachEvidence(this.words, map, this.alignment, after, (reference, grade) => {
      this.weigh(reference, grade);
    });
    this.pivot = this.best;
    this.placeStart(history, map, others);
  }

  /**
   * Walks back from where the line was accepted to the start, with what is known of it by now. Loads `map` anew.
   * @param others lines of the session, to tell how far this one's unheard start may lie under another's end
   */
  private placeStart(history: QueryHistory, map: PeakMap, others: readonly Line[]): void {
    const { alignment, presence, rate, pivot } = this;
    const isFaint = (reference: number) => this.isFaint(reference);
    const found = walkBack(this.words, history, map, { alignment, presence, rate, from: pivot }, isFaint);
    const { start, contradiction, edge } = found;
    this.start = start;
    this.unprovenStart = 0;
    if (edge === undefined || contradiction > CONTRADICTION) return;
    const missing = start.reference;
    if (missing > SNAP + this.faint.start) return;
    if (missing > SNAP && others.some((other) => this.crowdsStart(other, edge))) return;
    this.unprovenStart = bare(missing);
    this.start = { query: edge, reference: 0 };
  }

  /** Once, some windows after acceptance: the evidence of one window may have been thin. */
  get startIsDue(): boolean {
    return !this.settled && (this.windows >= SETTLED || this.closed);
  }

  settleStart(history: QueryHistory, map: PeakMap, others: readonly Line[]): void {
    this.settled = true;
    if (this.pivot.query > history.firstFrame) this.placeStart(history, map, others);
  }

  /** Session frame at which the recording's first frame sounds, heard or not. */
  get origin(): number {
    return toQuery(this.alignment, 0);
  }

  /** Session frame at which the recording is over. */
  get over(): number {
    return toQuery(this.alignment, this.durationFrames);
  }

  get lastHeard(): number {
    return this.best.query;
  }

  /** Does an alignment of the same recording say what this line said when it was last heard? */
  agreesWith(other: Alignment): boolean {
    return Math.abs(toReference(other, this.best.query) - this.best.reference) < FRAMES_PER_SECOND;
  }

  /** Follows the line over the newest audio; `map` must hold at least what came since the last call. */
  advance(map: PeakMap): void {
    const to = map.toFrame;
    this.steer(map);
    const from = this.looked;
    this.looked = to;
    const before = this.trail.best;
    let hits = 0;
    let expected = 0;
    forEachEvidence(this.words, map, this.alignment, { from, to }, (reference, grade) => {
      this.weigh(reference, grade);
      expected++;
      if (grade > 0) hits++;
    });
    // Well heard: the edges may be placed with more confidence.
    if (hits > this.rate * expected) this.learnRate(0.7 * this.rate + (0.3 * hits) / expected);
    if (this.bestZ < PROVEN) {
      this.bestZ = Math.max(this.bestZ, verify(this.words, map, this.alignment, this.bestZ).z);
    }
    if (this.trail.best > before) this.windows++;
  }

  /** Nothing more of it can come, or nothing has come for long. */
  get isOver(): boolean {
    const wait = this.durationFrames - this.best.reference > SNAP ? WAIT : FRAMES_PER_SECOND;
    return this.looked > this.over + wait || this.looked - this.best.query > PATIENCE;
  }

  /**
   * No more of it will come.
   * @param others lines of the session, to tell how far this one's unheard end may lie under another's start
   */
  close(others: readonly Line[] = []): void {
    if (this.closed) return;
    this.closed = true;
    if (this.looked < this.over || this.trail.best - this.trail.nats > CONTRADICTION) return;
    const missing = this.durationFrames - this.best.reference;
    if (missing >= SNAP + this.faint.end) return;
    if (missing > SNAP && others.some((other) => this.crowdsEnd(other))) return;
    this.unprovenEnd = bare(missing);
    this.best = { query: this.over, reference: this.durationFrames };
    this.snappedEnd = true;
  }

  private isFaint(reference: number): boolean {
    return reference < this.faint.start || reference >= this.durationFrames - this.faint.end;
  }

  get confidence(): number {
    return confidenceOf(this.bestZ, this.windows, this.closed);
  }

  /** @param baseS second of the session at which this line's frame 0 is */
  toTrackLine(baseS: number): TrackLine {
    const error = 0.1 + 2.3 / (Math.max(0.05, this.rate) * 17);
    // A peak is heard in the middle of its frame; a recording's edge is where its samples begin or end.
    const startCentre = this.start.reference === 0 ? 0 : FRAME_CENTRE_S;
    const endCentre = this.snappedEnd ? 0 : FRAME_CENTRE_S;
    const snapped = Math.max(0.2, error / 2);
    return {
      lineId: this.lineId,
      trackId: this.trackId,
      tempo: this.alignment.tempo,
      pitch: this.alignment.pitch,
      startS: baseS + Math.max(0, this.start.query / FRAMES_PER_SECOND + startCentre),
      endS: baseS + this.best.query / FRAMES_PER_SECOND + endCentre,
      startErrorS: this.start.reference === 0 ? snapped + this.unprovenStart / FRAMES_PER_SECOND / 2 : error,
      endErrorS: this.snappedEnd ? snapped + this.unprovenEnd / FRAMES_PER_SECOND / 2 : error,
      refStartS: Math.max(0, this.start.reference / FRAMES_PER_SECOND + startCentre),
      refEndS: this.best.reference / FRAMES_PER_SECOND + endCentre,
      trackDurationS: this.durationFrames / FRAMES_PER_SECOND,
      windows: this.windows,
      bestZ: this.bestZ,
      confidence: this.confidence,
      closed: this.closed,
    };
  }

  private learnRate(rate: number): void {
    this.rate = rate;
    this.presence = presenceOf(rate, this.found);
  }

  private weigh(reference: number, grade: number): void {
    if (this.trail.step(grade, this.presence, this.isFaint(reference)))
      this.best = { query: toQuery(this.alignment, reference), reference };
  }

  /** Where in the accepted window the recording was heard last. */
  private placeInWindow(map: PeakMap): void {
    const found = bestStretch(this.words, map, this.alignment, this.presence);
    if (!found) return;
    this.learnRate(found.rate);
    this.best = { query: toQuery(this.alignment, found.end), reference: found.end };
  }

  /** Did another song sound for long after frame `edge`, by when this one would have begun unheard? */
  private crowdsStart({ trackId, start, best }: Line, edge: number): boolean {
    if (trackId === this.trackId || start.query >= this.start.query) return false;
    return best.query > edge + OVERLAP;
  }

  /** Did another song begin long before this one would have ended unheard? */
  private crowdsEnd({ trackId, start, best }: Line): boolean {
    if (trackId === this.trackId || start.query <= this.start.query || best.query <= this.best.query)
      return false;
    return start.query < this.over - OVERLAP;
  }

  /** Follows small drifts: half of what the last seconds say, and the tempo once twenty seconds show it. */
  private steer(map: PeakMap): void {
    this.alignment = steered(this.words, map, this.alignment, this.rate, (query, reference) => {
      this.points.push({ query, reference });
      if (this.points.length > 40) this.points.shift();
    });
    const first = this.points[0];
    const last = this.points.at(-1);
    if (!first || !last || last.query - first.query < 20 * FRAMES_PER_SECOND) return;
    const tempo = slope(this.points);
    if (Math.abs(tempo - this.alignment.tempo) < 0.02) {
      this.alignment = { ...this.alignment, queryAt: last.query, referenceAt: last.reference, tempo };
    }
  }
}

/** Length of a stretch of which nothing is known, where it is more than the gap between two peaks. */
function bare(frames: number): number {
  return frames < FRAMES_PER_SECOND ? 0 : frames;
}
