import { fingerprintOf } from './fingerprint';
import { FrontEnd } from './front-end';
import { buildIndex, EMPTY_INDEX, type LandmarkIndex, peaksNear } from './landmark-index';
import { FRAMES_PER_SECOND, SPARSE_LANDMARKS } from './params';
import { PeakMap, QueryHistory } from './query';
import { type ReferenceTrack, referenceOf } from './reference';
import { Searcher } from './search';
import { examine } from './verify';

/** Short sounds are longer than the shortest that proves something, and shorter than a song, seconds. */
const SHORTEST_S = 4;
const LONGEST_S = 20;
/** Few seconds give a modest score: the share must convince as well. */
const SAME = 5;
/** Share of the shorter one's peaks that both must have: less is a common bar, not a common sound. */
const SHARE = 0.55;

/**
 * Short stretches that nobody knows, compared with each other: what comes again and again is a jingle or an advert, not
 * a song. Keeps the last ones in memory, about 2 kB each; a restart learns them anew.
 */
export class ShortSounds {
  private tracks: ReferenceTrack[] = [];
  private index: LandmarkIndex = EMPTY_INDEX;
  private readonly searcher = new Searcher(EMPTY_INDEX);
  private readonly map = new PeakMap(Math.ceil((LONGEST_S + 1) * FRAMES_PER_SECOND));
  private nextId = 1;

  constructor(private readonly capacity = 500) {}

  /**
   * Was this stretch heard before? Remembers it when it was not.
   * @param samples mono, 16-bit, 8 kHz; shorter than 4 s proves nothing, beyond 20 s nothing is looked at
   */
  heardBefore(samples: Int16Array): boolean {
    const stretch = samples.subarray(0, LONGEST_S * 8_000);
    if (stretch.length < SHORTEST_S * 8_000) return false;
    if (this.isKnown(stretch)) return true;
    this.tracks.push(referenceOf(this.nextId++, fingerprintOf(stretch)));
    if (this.tracks.length > this.capacity) this.tracks.shift();
    this.index = buildIndex(this.tracks, this.nextId);
    this.searcher.use(this.index);
    return false;
  }

  private isKnown(samples: Int16Array): boolean {
    const frontEnd = new FrontEnd();
    const history = new QueryHistory(Number.POSITIVE_INFINITY);
    for (const block of [...frontEnd.push(samples), ...frontEnd.finish()]) history.push(block);
    const landmarks = history.landmarksBetween(0, history.endFrame, SPARSE_LANDMARKS);
    if (landmarks.count === 0) return false;
    this.map.load(history.between(0, history.endFrame), 0, history.endFrame);
    return this.searcher.search(landmarks, { tempo: 1, pitch: 1 }, this.map).some((candidate) => {
      const words = peaksNear(this.index, candidate.track, this.map, candidate.alignment);
      const found = examine(words, this.map, candidate.alignment);
      return found !== undefined && found.z >= SAME && found.hits >= SHARE * found.expected;
    });
  }
}
