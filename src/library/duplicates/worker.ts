/** A thread that knows what every track of the library sounds like: looking through them takes a while. */
import { parentPort } from 'node:worker_threads';
import { LayeredIndex } from './layered-index';
import type { Question, Reply } from './messages';

const index = new LayeredIndex();

parentPort?.on('message', (question: Question) => {
  let reply: Reply = { id: question.id };
  try {
    if (question.kind === 'add') index.add(question.references);
    else reply = { ...reply, found: index.find(question.fingerprint) };
  } catch (error) {
    reply = { ...reply, error: (error as Error).message };
  }
  parentPort?.postMessage(reply);
});
