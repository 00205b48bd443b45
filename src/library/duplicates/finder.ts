import { Worker } from 'node:worker_threads';
import { compiled } from '../../paths';
import type { Duplicate } from '../../recognition/local/duplicates';
import type { Fingerprint } from '../../recognition/local/fingerprint';
import type { DuplicateFinder } from '../importer';
import type { Reference } from '../types';
import type { Question, Reply } from './messages';

/** References that are handed to the thread at a time. */
const BATCH = 500;

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** Finds recordings that the library has, on a thread of its own: for the import command, which has no recogniser. */
export class ThreadedDuplicateFinder implements DuplicateFinder {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private failure: Error | undefined;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (reply: Reply) => {
      const { resolve, reject } = this.waiting.get(reply.id)!;
      this.waiting.delete(reply.id);
      if (reply.error === undefined) resolve(reply);
      else reject(new Error(reply.error));
    });
    const gone = (error: Error) => {
      this.failure = error;
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
    worker.on('error', gone);
    worker.on('exit', () => gone(this.failure ?? new Error('the search for duplicates has ended')));
  }

  /** Starts the thread with what the library has. */
  static async load(references: AsyncIterable<Reference>): Promise<ThreadedDuplicateFinder> {
    const finder = new ThreadedDuplicateFinder(
      new Worker(compiled('src/library/duplicates/worker'), { execArgv: [] }),
    );
    let batch: Reference[] = [];
    const flush = async () => {
      await finder.ask({ kind: 'add', references: batch });
      batch = [];
    };
    for await (const reference of references) {
      if (batch.push(reference) >= BATCH) await flush();
    }
    await flush();
    return finder;
  }

  async find(fingerprint: Fingerprint): Promise<Duplicate | undefined> {
    return (await this.ask({ kind: 'find', fingerprint })).found;
  }

  /** Resolves when it can be found. */
  async added(trackId: number, fingerprint: Fingerprint): Promise<void> {
    await this.ask({ kind: 'add', references: [{ trackId, fingerprint }] });
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private ask(question: WithoutId<Question>): Promise<Reply> {
    if (this.failure) return Promise.reject(this.failure);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...question, id });
    });
  }
}
