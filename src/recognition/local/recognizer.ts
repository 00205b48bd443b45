import { Worker } from 'node:worker_threads';
import { SAMPLE_RATE, seconds } from '../../audio';
import type { AudioChunk, SessionEnded, SessionId, SessionStarted } from '../../capture/types';
import type { Logger } from '../../log';
import { compiled } from '../../paths';
import type { RecognitionReport, TrackLine } from '../types';
import type { Duplicate } from './duplicates';
import type { Fingerprint } from './fingerprint';
import { indexBytes } from './landmark-index';
import { type IndexedTrack, LibraryIndex } from './library-index';
import type { FromWorker, ToWorker } from './messages';
import type { Attempt } from './tracker';

/** Audio that may wait for its worker, per session, before the newest is left out. */
const MAX_WAITING = 60 * SAMPLE_RATE;

export interface RecognizerOptions {
  readonly threads: number;
  readonly log: Logger;
  onReport(report: RecognitionReport): void;
  /** One search of the library has ended: to be counted. */
  onAttempt?(attempt: Attempt): void;
  /** Audio that could not be looked at. */
  onDropped?(seconds: number, reason: 'overload' | 'recognizer_restart'): void;
  /** All audio of an ended session has been looked at, and its last report given. */
  onDrained?(sessionId: SessionId): void;
}

export interface RecognizerStats {
  /** Tracks that can be recognised, and the memory of their index. */
  readonly tracks: number;
  readonly bytes: number;
  /** ms since the epoch; undefined before the first index. */
  readonly builtAt: number | undefined;
  /** Audio that waits longest for its thread, seconds. */
  readonly backlogS: number;
  /** 0–1 while an index is being built. */
  readonly progress: number | undefined;
}

interface SessionState {
  readonly stationId: number;
  readonly thread: Thread;
  waiting: number;
  overloaded: boolean;
  lastLineId: number;
  /** Lines as they were last reported, while open: closed on their behalf if their thread dies. */
  readonly open: Map<number, TrackLine>;
  upToS: number;
}

interface Thread {
  worker: Worker;
  readonly stations: Set<number>;
}

interface Request {
  readonly thread: Thread;
  resolve(message: FromWorker): void;
  reject(error: Error): void;
}

/**
 * The local recogniser: sessions' audio in, reports out, on worker threads that read one shared index. A station stays
 * with its thread. Work that does not fit is left out and counted, never queued without bound.
 */
export class LocalRecognizer {
  private readonly threads: Thread[] = [];
  private readonly sessions = new Map<SessionId, SessionState>();
  private readonly requests = new Map<number, Request>();
  private nextRequest = 1;
  private readonly library: LibraryIndex;
  private stopping = false;

  constructor(private readonly options: RecognizerOptions) {
    this.library = new LibraryIndex(options.log, (index) => {
      for (const thread of this.threads) this.post(thread, { type: 'index', index });
    });
    for (let i = 0; i < options.threads; i++) {
      this.threads.push({ worker: this.spawn(() => this.threads[i]!), stations: new Set() });
    }
  }

  /** Replaces the whole library; resolves when it can be recognised. */
  async replaceTracks(tracks: AsyncIterable<IndexedTrack> | Iterable<IndexedTrack>): Promise<void> {
    this.library.clear();
    for await (const track of tracks) this.library.add(track);
    await this.library.settled();
  }

  addTrack(track: IndexedTrack): void {
    this.library.add(track);
  }

  removeTrack(trackId: number): void {
    this.library.remove(trackId);
  }

  /** Resolves when every change of the library so far can be recognised. */
  settled(): Promise<void> {
    return this.library.settled();
  }

  sessionStarted({ stationId, sessionId }: SessionStarted): void {
    const thread =
      this.threads.find((candidate) => candidate.stations.has(stationId)) ??
      this.threads.reduce((a, b) => (b.stations.size < a.stations.size ? b : a));
    thread.stations.add(stationId);
    this.sessions.set(sessionId, {
      stationId,
      thread,
      waiting: 0,
      overloaded: false,
      lastLineId: 0,
      open: new Map(),
      upToS: 0,
    });
  }

  audio({ sessionId, stationId, firstSample, samples }: AudioChunk): void {
    const session = this.sessions.get(sessionId);
    if (!session) return;
    // Once it overflows, it is let in again when half is done: one long hole instead of many small ones.
    if (session.waiting + samples.length > MAX_WAITING) session.overloaded = true;
    else if (session.waiting < MAX_WAITING / 2) session.overloaded = false;
    if (session.overloaded) {
      this.options.onDropped?.(seconds(samples.length), 'overload');
      return;
    }
    session.waiting += samples.length;
    // A copy: the chunk's receiver keeps the original for the station's ring.
    const copy = samples.slice();
    const { lastLineId } = session;
    this.post(
      session.thread,
      { type: 'audio', stationId, sessionId, firstSample, lastLineId, samples: copy },
      [copy.buffer],
    );
  }

  sessionEnded({ sessionId, stationId }: SessionEnded): void {
    const session = this.sessions.get(sessionId);
    if (session) this.post(session.thread, { type: 'end', stationId, sessionId });
  }

  /** The fingerprint of a whole recording, made on a worker thread. */
  async fingerprint(samples: Int16Array): Promise<Fingerprint> {
    const copy = samples.slice();
    const answer = await this.ask((id) => ({ type: 'fingerprint', id, samples: copy }), [copy.buffer]);
    if (answer.type !== 'fingerprint') throw new Error(`unexpected answer ${answer.type}`);
    return answer.fingerprint;
  }

  /** The same recording in the library as it is now, if it is there. */
  async findDuplicate(fingerprint: Fingerprint): Promise<Duplicate | undefined> {
    const answer = await this.ask((id) => ({ type: 'duplicate', id, fingerprint }));
    if (answer.type !== 'duplicate') throw new Error(`unexpected answer ${answer.type}`);
    return answer.duplicate;
  }

  stats(): RecognizerStats {
    const { current, progress } = this.library;
    let waiting = 0;
    for (const session of this.sessions.values()) waiting = Math.max(waiting, session.waiting);
    return {
      tracks: current.trackIds.length,
      bytes: indexBytes(current),
      builtAt: current.generation === 0 ? undefined : current.builtAt,
      backlogS: seconds(waiting),
      progress,
    };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.library.stop();
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }

  private async ask(make: (id: number) => ToWorker, transfer: ArrayBuffer[] = []): Promise<FromWorker> {
    const id = this.nextRequest++;
    const thread = this.threads[id % this.threads.length]!;
    return await new Promise<FromWorker>((resolve, reject) => {
      this.requests.set(id, { thread, resolve, reject });
      this.post(thread, make(id), transfer);
    });
  }

  private post(thread: Thread, message: ToWorker, transfer: ArrayBuffer[] = []): void {
    thread.worker.postMessage(message, transfer);
  }

  private spawn(thread: () => Thread): Worker {
    const worker = new Worker(compiled('src/recognition/local/worker'), { execArgv: [] });
    worker.on('message', (message: FromWorker) => this.take(message));
    worker.on('error', (error) =>
      this.options.log.error({ err: error }, 'Un fil de reconnaissance a échoué'),
    );
    worker.on('exit', () => {
      if (!this.stopping) this.restart(thread());
    });
    if (this.library.current.trackIds.length > 0) {
      worker.postMessage({ type: 'index', index: this.library.current } satisfies ToWorker);
    }
    return worker;
  }

  private take(message: FromWorker): void {
    if (message.type === 'report') this.report(message.report, message.attempt);
    else if (message.type === 'taken') {
      const session = this.sessions.get(message.sessionId);
      if (session) session.waiting -= message.samples;
    } else if (message.type === 'ended') {
      this.sessions.delete(message.sessionId);
      this.options.onDrained?.(message.sessionId);
    } else {
      const request = this.requests.get(message.id);
      this.requests.delete(message.id);
      if (message.type === 'failed') request?.reject(new Error(message.message));
      else request?.resolve(message);
    }
  }

  private report(report: RecognitionReport, attempt: Attempt | undefined): void {
    const session = this.sessions.get(report.sessionId);
    if (session) {
      session.upToS = report.upToS;
      for (const line of report.lines) {
        session.lastLineId = Math.max(session.lastLineId, line.lineId);
        if (line.closed) session.open.delete(line.lineId);
        else session.open.set(line.lineId, line);
      }
    }
    if (attempt) this.options.onAttempt?.(attempt);
    this.options.onReport(report);
  }

  /** A thread died: what it followed is closed, its questions fail, and its stations go on with a new one. */
  private restart(thread: Thread): void {
    thread.worker = this.spawn(() => thread);
    for (const [id, request] of this.requests) {
      if (request.thread !== thread) continue;
      this.requests.delete(id);
      request.reject(new Error('the recognition thread died'));
    }
    for (const [sessionId, session] of this.sessions) {
      if (session.thread !== thread) continue;
      if (session.waiting > 0) this.options.onDropped?.(seconds(session.waiting), 'recognizer_restart');
      session.waiting = 0;
      if (session.open.size === 0) continue;
      const lines = [...session.open.values()].map((line) => ({ ...line, closed: true }));
      session.open.clear();
      const { stationId, upToS } = session;
      this.options.onReport({ stationId, sessionId, upToS, content: 'music', hopS: 0, lines });
    }
  }
}
