import { DUPLICATE_MAP_FRAMES, type Duplicate, findDuplicate } from '../../recognition/local/duplicates';
import type { Fingerprint } from '../../recognition/local/fingerprint';
import { buildIndex, EMPTY_INDEX, type LandmarkIndex } from '../../recognition/local/landmark-index';
import { PeakMap } from '../../recognition/local/query';
import { type ReferenceTrack, referenceOf } from '../../recognition/local/reference';
import { Searcher } from '../../recognition/local/search';
import type { Reference } from '../types';

interface Layer {
  readonly tracks: readonly ReferenceTrack[];
  readonly index: LandmarkIndex;
}

/**
 * An index that grows with an import: what was just added is found at once, without building everything anew. New
 * tracks lie in small layers; two layers of about the same size become one (a log-structured merge), so that each track
 * is built a logarithmic number of times.
 */
export class LayeredIndex {
  private layers: Layer[] = [];
  private readonly searcher = new Searcher(EMPTY_INDEX);
  private readonly map = new PeakMap(DUPLICATE_MAP_FRAMES);

  /** Adds tracks; fingerprints that are damaged or of another version are left out. */
  add(references: readonly Reference[]): void {
    let tracks = references.flatMap(({ trackId, fingerprint }) => readable(trackId, fingerprint) ?? []);
    if (tracks.length === 0) return;
    for (
      let last = this.layers.at(-1);
      last && last.tracks.length <= 2 * tracks.length;
      last = this.layers.at(-1)
    ) {
      tracks = [...last.tracks, ...tracks];
      this.layers.pop();
    }
    this.layers.push({ tracks, index: buildIndex(tracks, 0) });
  }

  /** The recording that sounds the same, by the most agreeing windows. */
  find(fingerprint: Fingerprint): Duplicate | undefined {
    const words = readable(0, fingerprint)?.words;
    if (!words) return undefined;
    let best: Duplicate | undefined;
    for (const { index } of this.layers) {
      this.searcher.use(index);
      const found = findDuplicate(words, index, this.searcher, this.map);
      if (found && (!best || found.windows > best.windows)) best = found;
    }
    return best;
  }

  get size(): number {
    return this.layers.reduce((sum, { tracks }) => sum + tracks.length, 0);
  }
}

function readable(trackId: number, fingerprint: Fingerprint): ReferenceTrack | undefined {
  try {
    return referenceOf(trackId, fingerprint);
  } catch {
    return undefined;
  }
}
