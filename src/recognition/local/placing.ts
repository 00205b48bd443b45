import { type Alignment, type Point, toQuery, toReference } from './alignment';
import { forEachEvidence, type Presence, Trail } from './evidence';
import { HOP_FRAMES } from './params';
import type { PeakMap, QueryHistory } from './query';
import { steered } from './steering';

/** The walk outwards ends when the evidence has dropped this far below its best, in nats. */
const GIVE_UP = 18;

/** Where the stretch of the loaded air with the most evidence for a recording ends (Kadane). */
export interface Stretch {
  /** The recording's frame that is its last. */
  readonly end: number;
  /** Share of the recording's peaks that the air has in it, 0–1. */
  readonly rate: number;
}

export function bestStretch(
  words: Uint32Array,
  map: PeakMap,
  alignment: Alignment,
  presence: Presence,
): Stretch | undefined {
  const trail = new Trail();
  let best: Stretch | undefined;
  let hits = 0;
  let expected = 0;
  forEachEvidence(words, map, alignment, { from: map.fromFrame, to: map.toFrame }, (reference, grade) => {
    if (trail.nats <= 0) {
      trail.restart();
      hits = 0;
      expected = 0;
    }
    expected++;
    if (grade > 0) hits++;
    if (trail.step(grade, presence)) best = { end: reference, rate: hits / expected };
  });
  return best;
}

export interface Beginning {
  /** The earliest point at which the recording was heard. */
  readonly start: Point;
  /** Evidence against the stretch before it, nats. */
  readonly contradiction: number;
  /** Session frame at which the recording would begin, if the session had begun by then. */
  readonly edge: number | undefined;
}

/**
 * Walks from a point that was heard back through the session's past, following the tempo's drift segment by segment.
 * @param isFaint where in the recording it may not be heard
 * @param map loaded anew
 */
export function walkBack(
  words: Uint32Array,
  history: QueryHistory,
  map: PeakMap,
  known: {
    readonly alignment: Alignment;
    readonly presence: Presence;
    readonly rate: number;
    readonly from: Point;
  },
  isFaint: (referenceFrame: number) => boolean,
): Beginning {
  const { presence, rate } = known;
  let { alignment } = known;
  let start = known.from;
  let contradiction = 0;
  const trail = new Trail();
  const lost = () => trail.nats <= trail.best - GIVE_UP;
  let to = start.query;
  while (to > history.firstFrame && !lost() && toReference(alignment, to) > 0) {
    const from = Math.max(history.firstFrame, to - HOP_FRAMES);
    map.load(history.between(from - 2, to + 2), from - 2, to + 2);
    alignment = steered(words, map, alignment, rate);
    forEachEvidence(words, map, alignment, { from, to, backwards: true }, (reference, grade) => {
      if (lost()) return;
      if (trail.step(grade, presence, isFaint(reference))) {
        start = { query: toQuery(alignment, reference), reference };
      }
      contradiction = trail.best - trail.nats;
    });
    to = from;
  }
  const edge = toQuery(alignment, 0);
  return { start, contradiction, edge: edge >= history.firstFrame ? edge : undefined };
}
