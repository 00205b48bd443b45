import { parentPort, workerData } from 'node:worker_threads';
import { buildIndex, referenceAt } from './landmark-index';
import type { BuildOrder, FromBuilder } from './messages';
import type { ReferenceTrack } from './reference';

/** A thread that builds one index and ends. */
const say = (message: FromBuilder) => parentPort!.postMessage(message);
const { tracks, base, generation } = workerData as BuildOrder;
const inBase = new Map(Array.from(base.trackIds, (id, i) => [id, i]));
const sources = tracks.map(({ trackId, reference }): ReferenceTrack => {
  if (reference) return reference;
  const known = inBase.get(trackId);
  if (known === undefined) throw new Error(`track ${trackId} is neither new nor in the index`);
  // Its peaks are unpacked each time that they are asked for: all at once would be twice the index.
  return referenceAt(base, known);
});
say({ type: 'built', index: buildIndex(sources, generation, (share) => say({ type: 'progress', share })) });
