import { toReference } from '../../src/recognition/local/alignment';
import { FrontEnd } from '../../src/recognition/local/front-end';
import { type LandmarkIndex, peaksNear } from '../../src/recognition/local/landmark-index';
import { FRAME_CENTRE_S, FRAMES_PER_SECOND, SAMPLE_RATE_HZ } from '../../src/recognition/local/params';
import { PeakMap, QueryHistory } from '../../src/recognition/local/query';
import { Searcher } from '../../src/recognition/local/search';
import { AS_RECORDED, HYPOTHESES, landmarksFor, MAP_FRAMES } from '../../src/recognition/local/tracker';
import { CERTAIN, examine, isLikely } from '../../src/recognition/local/verify';

/** What the recogniser says to a few seconds of audio. */
export interface Answer {
  readonly trackId: number;
  readonly z: number;
  /** Would the tracker believe it, if a second window said so as well? */
  readonly likely: boolean;
  /** Second of the recording that sounds at the query's first sample. */
  readonly fromS: number;
}

const LONGEST_S = 10;

/** One window's answer: the same steps as the tracker's, but with all hypotheses at once. */
export class Recogniser {
  private readonly searcher: Searcher;
  private readonly map = new PeakMap(MAP_FRAMES);

  constructor(private readonly index: LandmarkIndex) {
    this.searcher = new Searcher(index);
  }

  /**
   * The best answer to a query of `seconds`: of one window up to 10 s; of more, the best of windows every 5 s.
   * @param samples mono, 8 kHz, at least that long
   */
  ask(samples: Int16Array, seconds: number): Answer | undefined {
    return this.askAll(samples, seconds, CERTAIN)[0];
  }

  /** The best answer for each song, the likeliest first; stops at one of `enough`. */
  askAll(samples: Int16Array, seconds: number, enough = Number.POSITIVE_INFINITY): Answer[] {
    const frontEnd = new FrontEnd();
    const history = new QueryHistory(Number.POSITIVE_INFINITY);
    const part = samples.subarray(0, Math.round(seconds * SAMPLE_RATE_HZ));
    for (const block of [...frontEnd.push(part), ...frontEnd.finish()]) history.push(block);
    const best = new Map<number, Answer>();
    const done = () => [...best.values()].some(({ z }) => z >= enough);
    for (let endS = Math.min(seconds, LONGEST_S); endS <= seconds && !done(); endS += 5) {
      const to = endS === seconds ? history.endFrame : Math.round(endS * FRAMES_PER_SECOND);
      const from = Math.max(0, to - Math.round(LONGEST_S * FRAMES_PER_SECOND));
      this.window(history, from, to, best, done);
    }
    return [...best.values()].sort((a, b) => b.z - a.z);
  }

  private window(
    history: QueryHistory,
    from: number,
    to: number,
    best: Map<number, Answer>,
    done: () => boolean,
  ): void {
    const { map, index } = this;
    map.load(history.between(from, to), from, to);
    for (const hypothesis of [AS_RECORDED, ...HYPOTHESES]) {
      const query = history.landmarksBetween(from, to, landmarksFor(hypothesis));
      for (const candidate of this.searcher.search(query, hypothesis, map)) {
        const words = peaksNear(index, candidate.track, map, candidate.alignment);
        const trackId = index.trackIds[candidate.track]!;
        const found = examine(words, map, candidate.alignment);
        if (!found || found.z <= (best.get(trackId)?.z ?? 0)) continue;
        const { alignment, z } = found;
        // A peak is heard in the middle of its frame, on both time lines.
        const frame = toReference(alignment, -FRAME_CENTRE_S * FRAMES_PER_SECOND);
        best.set(trackId, {
          trackId,
          z,
          likely: isLikely(found),
          fromS: frame / FRAMES_PER_SECOND + FRAME_CENTRE_S,
        });
      }
      if (done()) return;
    }
  }
}
