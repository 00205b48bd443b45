import type { TrackLine } from '../types';
import { type Alignment, type Coincidence, coincide, toQuery, toReference } from './alignment';
import { confidenceOf } from './confidence';
import { forEachEvidence, type Weights, weightsFor } from './evidence';
import { timeOf } from './fingerprint';
import { FRAME_CENTRE_S, FRAMES_PER_SECOND, HOP_FRAMES, PER_FRAME } from './params';
import type { PeakMap, QueryHistory } from './query';
import { centreOfBest, type Verification, verify } from './verify';

/** The walk outwards ends when the evidence has dropped this far below its best, in nats. */
const GIVE_UP = 18;
/** Evidence against a line is counted no further than this, so that a song is taken up again after speech. */
const FLOOR = 25;
/** A line is closed after this long without new evidence for it, frames. */
const PATIENCE = 20 * FRAMES_PER_SECOND;
/** Closer than this to the recording's edge, the edge is taken unless evidence contradicts, frames. */
const SNAP = 3 * FRAMES_PER_SECOND;
const CONTRADICTION = 10;
/** A recording may have no peaks this near its edges (silence, or a reference from the air): they are taken with it. */
const BARE = 8 * FRAMES_PER_SECOND;
/** Windows after which a line's start is placed for good. */
const SETTLED = 4;
const STEPS = Array.from({ length: 13 }, (_, i) => (i - 6) / 2);

/** One recording, followed on one session from where it was recognised, back to its start and on to its end. */
export class Line {
  private weights: Weights;
  /** Share of the recording's peaks that are found while it is heard. */
  private rate: number;
  private readonly chance: number;
  /** Frames of the session and of the recording between which it was heard. */
  private pivot: { readonly query: number; readonly reference: number };
  private settled = false;
  private start = { query: 0, reference: 0 };
  private best = { query: 0, reference: 0 };
  private bestNats = 0;
  private nats = 0;
  private looked: number;
  private snappedEnd = false;
  private windows = 1;
  private bestZ: number;
  private lastZ: number;
  private readonly points: { query: number; reference: number }[] = [];
  private alignment: Alignment;
  /** Evidence against the stretch before `start`, nats; and where the recording would begin, if that was on the session. */
  private contradiction = 0;
  private edge: number | undefined;
  closed = false;

  /**
   * @param words the track's peaks; the line keeps its own copy, so that the library may change
   * @param found the accepted verification, over the stretch that `map` holds
   */
  constructor(
    readonly lineId: number,
    readonly trackId: number,
    private readonly durationFrames: number,
    private readonly words: Uint32Array,
    found: Verification,
    history: QueryHistory,
    map: PeakMap,
  ) {
    this.alignment = found.alignment;
    this.rate = found.hits / Math.max(1, found.expected);
    this.chance = found.chance;
    this.weights = weightsFor(this.rate, this.chance);
    this.bestZ = found.z;
    this.lastZ = found.z;
    this.looked = map.toFrame;
    // Twice: the share of peaks that are found is known better once the stretch is.
    this.placeInWindow(map);
    this.placeInWindow(map);
    const after = { from: this.best.query + 0.5, to: map.toFrame };
    forEachEvidence(this.words, map, this.alignment, this.weights, after, (reference, nats) =>
      this.weigh(reference, nats),
    );
    this.pivot = this.best;
    this.placeStart(history, map);
  }

  /** Walks back from where the line was accepted to the start, with what is known of it by now. Loads `map` anew. */
  placeStart(history: QueryHistory, map: PeakMap): void {
    this.start = this.pivot;
    this.contradiction = 0;
    this.walkBack(history, map);
    this.snapStart();
  }

  /** Once, some windows after acceptance: the evidence of one window may have been thin. */
  get startIsDue(): boolean {
    return !this.settled && (this.windows >= SETTLED || this.closed);
  }

  settleStart(history: QueryHistory, map: PeakMap): void {
    this.settled = true;
    if (this.pivot.query > history.firstFrame) this.placeStart(history, map);
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

  /** Session frame at which a frame of the recording sounds. */
  private at(referenceFrame: number): number {
    return toQuery(this.alignment, referenceFrame);
  }

  /** Follows the line over the newest audio; `map` must hold at least what came since the last call. */
  advance(map: PeakMap): void {
    const to = map.toFrame;
    this.steer(map);
    const from = this.looked;
    this.looked = to;
    const before = this.bestNats;
    let hits = 0;
    let expected = 0;
    forEachEvidence(this.words, map, this.alignment, this.weights, { from, to }, (reference, nats) => {
      this.weigh(reference, nats);
      expected++;
      if (nats > 0) hits++;
    });
    // Well heard: the edges may be placed with more confidence.
    if (hits > this.rate * expected) this.learnRate(0.7 * this.rate + (0.3 * hits) / expected);
    const window = verify(this.words, map, this.alignment);
    this.lastZ = window.z;
    this.bestZ = Math.max(this.bestZ, window.z);
    if (this.bestNats > before) this.windows++;
    if (to > this.over + FRAMES_PER_SECOND) this.close();
    else if (to - this.best.query > PATIENCE) this.close();
  }

  /** No more of it will come. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const missing = this.durationFrames - this.best.reference;
    const contradicted = this.bestNats - this.nats > CONTRADICTION;
    if (missing < SNAP + this.bareEnd && !contradicted && this.looked >= this.over) {
      this.best = { query: this.over, reference: this.durationFrames };
      this.snappedEnd = true;
    }
  }

  /** Frames at the recording's edges of which nothing is known, beyond the usual second. */
  private get bareStart(): number {
    const first = this.words.length === 0 ? 0 : timeOf(this.words[0]!) / PER_FRAME;
    return bare(first);
  }

  private get bareEnd(): number {
    const last = this.words.length === 0 ? 0 : timeOf(this.words.at(-1)!) / PER_FRAME;
    return bare(this.durationFrames - last);
  }

  get confidence(): number {
    return confidenceOf(this.bestZ, this.windows);
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
      startErrorS: this.start.reference === 0 ? snapped + this.bareStart / FRAMES_PER_SECOND / 2 : error,
      endErrorS: this.snappedEnd ? snapped + this.bareEnd / FRAMES_PER_SECOND / 2 : error,
      refStartS: Math.max(0, this.start.reference / FRAMES_PER_SECOND + startCentre),
      refEndS: this.best.reference / FRAMES_PER_SECOND + endCentre,
      trackDurationS: this.durationFrames / FRAMES_PER_SECOND,
      windows: this.windows,
      bestZ: this.bestZ,
      lastZ: this.lastZ,
      confidence: this.confidence,
      closed: this.closed,
    };
  }

  private learnRate(rate: number): void {
    this.rate = rate;
    this.weights = weightsFor(rate, this.chance);
  }

  private weigh(reference: number, nats: number): void {
    this.nats = Math.max(this.nats + nats, this.bestNats - FLOOR);
    if (this.nats > this.bestNats) {
      this.bestNats = this.nats;
      this.best = { query: toQuery(this.alignment, reference), reference };
    }
  }

  /** Where in the accepted window the recording is: the stretch with the most evidence (Kadane). */
  private placeInWindow(map: PeakMap): void {
    let sum = 0;
    let top = Number.NEGATIVE_INFINITY;
    let begin = 0;
    let start = 0;
    let end = 0;
    let rate = this.rate;
    let fresh = true;
    let hits = 0;
    let expected = 0;
    const range = { from: map.fromFrame, to: map.toFrame };
    forEachEvidence(this.words, map, this.alignment, this.weights, range, (reference, nats) => {
      if (fresh || sum <= 0) {
        sum = 0;
        begin = reference;
        fresh = false;
        hits = 0;
        expected = 0;
      }
      sum += nats;
      expected++;
      if (nats > 0) hits++;
      if (sum > top) {
        top = sum;
        start = begin;
        end = reference;
        rate = hits / expected;
      }
    });
    this.learnRate(rate);
    this.start = { query: this.at(start), reference: start };
    this.best = { query: this.at(end), reference: end };
  }

  /** From the window's stretch back through the session's past, following the tempo's drift segment by segment. */
  private walkBack(history: QueryHistory, map: PeakMap): void {
    let alignment = this.alignment;
    let nats = 0;
    let best = 0;
    let to = this.start.query;
    while (to > history.firstFrame && nats > best - GIVE_UP && toReference(alignment, to) > 0) {
      const from = Math.max(history.firstFrame, to - HOP_FRAMES);
      map.load(history.between(from - 2, to + 2), from - 2, to + 2);
      alignment = steered(this.words, map, alignment, 0.5);
      const weights = this.weights;
      forEachEvidence(
        this.words,
        map,
        alignment,
        weights,
        { from, to, backwards: true },
        (reference, gain) => {
          if (nats <= best - GIVE_UP) return;
          nats += gain;
          if (nats > best) {
            best = nats;
            this.start = { query: toQuery(alignment, reference), reference };
            this.contradiction = 0;
          } else this.contradiction = best - nats;
        },
      );
      to = from;
    }
    const atStart = toQuery(alignment, 0);
    // The recording's own start, if the session had begun by then.
    if (atStart >= history.firstFrame) this.edge = atStart;
  }

  private snapStart(): void {
    if (this.edge === undefined || this.contradiction > CONTRADICTION) return;
    if (this.start.reference > SNAP + this.bareStart) return;
    this.start = { query: this.edge, reference: 0 };
  }

  /** Follows small drifts: half of what the last seconds say, and the tempo once twenty seconds show it. */
  private steer(map: PeakMap): void {
    this.alignment = steered(this.words, map, this.alignment, 0.5, (query, reference) => {
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

/** Length of an edge without peaks, where it is more than the gap between two peaks. */
function bare(frames: number): number {
  return frames < FRAMES_PER_SECOND ? 0 : Math.min(BARE, frames);
}

/** The alignment moved by a share of the offset that fits the loaded stretch best; as it was where little is heard. */
function steered(
  words: Uint32Array,
  map: PeakMap,
  alignment: Alignment,
  share: number,
  seen?: (query: number, reference: number) => void,
): Alignment {
  const count: Coincidence = { hits: 0, expected: 0 };
  const middle = (map.fromFrame + map.toFrame) / 2;
  const referenceAt = toReference(alignment, middle);
  const hits = STEPS.map((step) => {
    coincide(words, map, { ...alignment, queryAt: middle, referenceAt: referenceAt + step }, count);
    return count.hits;
  });
  const most = Math.max(...hits);
  if (most < 8 || most < 4 * map.coverage * count.expected) return alignment;
  const moved = referenceAt + share * centreOfBest(STEPS, hits);
  seen?.(middle, moved);
  return { ...alignment, queryAt: middle, referenceAt: moved };
}

/** Least squares. */
function slope(points: readonly { query: number; reference: number }[]): number {
  const n = points.length;
  const meanX = points.reduce((sum, p) => sum + p.query, 0) / n;
  const meanY = points.reduce((sum, p) => sum + p.reference, 0) / n;
  let xy = 0;
  let xx = 0;
  for (const p of points) {
    xy += (p.query - meanX) * (p.reference - meanY);
    xx += (p.query - meanX) ** 2;
  }
  return xy / xx;
}
