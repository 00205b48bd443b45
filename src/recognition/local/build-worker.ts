import { parentPort, workerData } from 'node:worker_threads';
import { buildIndex, peaksOf, type ReferenceTrack } from './landmark-index';
import type { BuildOrder, FromBuilder } from './messages';

/** A thread that builds one index and ends. */
const say = (message: FromBuilder) => parentPort!.postMessage(message);
const { tracks, base, generation } = workerData as BuildOrder;
const inBase = new Map(Array.from(base.trackIds, (id, i) => [id, i]));
const sources = tracks.map(({ trackId, durationS, words }): ReferenceTrack => {
  const known = inBase.get(trackId);
  if (words) return { trackId, durationS, words };
  if (known === undefined) throw new Error(`track ${trackId} is neither new nor in the index`);
  return {
    trackId,
    durationS,
    // Unpacked each time that it is asked for: all at once would be twice the index.
    get words() {
      return peaksOf(base, known);
    },
  };
});
say({ type: 'built', index: buildIndex(sources, generation, (share) => say({ type: 'progress', share })) });
