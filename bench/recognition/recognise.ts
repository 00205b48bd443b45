import { toReference } from '../../src/recognition/local/alignment';
import { FrontEnd } from '../../src/recognition/local/front-end';
import { type LandmarkIndex, peaksOf } from '../../src/recognition/local/landmark-index';
import { FRAME_CENTRE_S, FRAMES_PER_SECOND, SAMPLE_RATE_HZ } from '../../src/recognition/local/params';
import { PeakMap, QueryHistory } from '../../src/recognition/local/query';
import { Searcher } from '../../src/recognition/local/search';
import { CERTAIN, HYPOTHESES, MAP_FRAMES } from '../../src/recognition/local/tracker';
import { refine, simplest, verify } from '../../src/recognition/local/verify';

/** What the recogniser says to a few seconds of audio. */
export interface Answer {
  readonly trackId: number;
  readonly z: number;
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
   * The best answers to a query of `seconds`: of one window up to 10 s; of more, the best of windows every 5 s.
   * @param samples mono, 8 kHz, at least that long
   */
  ask(samples: Int16Array, seconds: number): Answer | undefined {
    const frontEnd = new FrontEnd();
    const history = new QueryHistory(Number.POSITIVE_INFINITY);
    const part = samples.subarray(0, Math.round(seconds * SAMPLE_RATE_HZ));
    for (const block of [...frontEnd.push(part), ...frontEnd.finish()]) history.push(block);
    let best: Answer | undefined;
    for (let endS = Math.min(seconds, LONGEST_S); endS <= seconds; endS += 5) {
      const to = endS === seconds ? history.endFrame : Math.round(endS * FRAMES_PER_SECOND);
      const answer = this.window(history, Math.max(0, to - Math.round(LONGEST_S * FRAMES_PER_SECOND)), to);
      if (answer && answer.z > (best?.z ?? 0)) best = answer;
      if (best && best.z >= CERTAIN) break;
    }
    return best;
  }

  private window(history: QueryHistory, from: number, to: number): Answer | undefined {
    const peaks = history.between(from, to);
    if (peaks.count === 0) return undefined;
    const { map, index } = this;
    map.load(peaks, from, to);
    let best: Answer | undefined;
    for (const hypothesis of [{ tempo: 1, pitch: 1 }, ...HYPOTHESES]) {
      for (const candidate of this.searcher.search(peaks, hypothesis, map)) {
        const words = peaksOf(index, candidate.track);
        const { z, alignment } = verify(
          words,
          map,
          simplest(words, map, refine(words, map, candidate.alignment)),
        );
        if (z <= (best?.z ?? 0)) continue;
        // A peak is heard in the middle of its frame, on both time lines.
        const frame = toReference(alignment, -FRAME_CENTRE_S * FRAMES_PER_SECOND);
        best = {
          trackId: index.trackIds[candidate.track]!,
          z,
          fromS: frame / FRAMES_PER_SECOND + FRAME_CENTRE_S,
        };
      }
      if (best && best.z >= CERTAIN) break;
    }
    return best;
  }
}
