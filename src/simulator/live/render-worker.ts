import { parentPort } from 'node:worker_threads';
import type { Quality } from '../encode/encoder';
import { mp3Frames } from '../encode/mp3-frames';
import { type AudioRequest, makeAudio } from '../recorded-audio';

/** What the preparer asks for, and what comes back. `frames`: the quality to encode in; absent: samples are wanted. */
export interface RenderRequest extends AudioRequest {
  readonly frames?: Quality;
}
export type RenderAnswer = RenderRequest & ({ readonly samples: Int16Array } | { readonly mp3: Uint8Array });

parentPort?.on('message', (request: RenderRequest) => {
  const samples = makeAudio(request);
  if (request.frames === undefined) {
    parentPort!.postMessage({ ...request, samples }, [samples.buffer as ArrayBuffer]);
    return;
  }
  // A copy of its own: small buffers may share memory with others and cannot be given away.
  const mp3 = new Uint8Array(mp3Frames(samples, request.frames));
  parentPort!.postMessage({ ...request, mp3 }, [mp3.buffer]);
});
