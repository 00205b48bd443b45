import { parentPort, workerData } from 'node:worker_threads';
import { buildIndex } from './landmark-index';
import type { BuildOrder, FromBuilder } from './messages';

/** A thread that builds one index and ends. */
const say = (message: FromBuilder) => parentPort!.postMessage(message);
const { tracks, generation } = workerData as BuildOrder;
say({ type: 'built', index: buildIndex(tracks, generation, (share) => say({ type: 'progress', share })) });
