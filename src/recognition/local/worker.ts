import { parentPort } from 'node:worker_threads';
import { DUPLICATE_MAP_FRAMES, findDuplicate } from './duplicates';
import { fingerprintOf, unpackFingerprint } from './fingerprint';
import { checkIndex, EMPTY_INDEX } from './landmark-index';
import type { FromWorker, ToWorker } from './messages';
import { PeakMap } from './query';
import { Searcher } from './search';
import { MAP_FRAMES, SessionTracker, type StationMemory, type TrackerReport } from './tracker';

/** A worker thread: recognises what its stations play. All state is here; a crash costs the lines that were open. */
const port = parentPort!;
const tools = { index: EMPTY_INDEX, searcher: new Searcher(EMPTY_INDEX), map: new PeakMap(MAP_FRAMES) };
const memories = new Map<number, StationMemory>();

interface Session {
  tracker: SessionTracker;
  next: number;
}
const sessions = new Map<string, Session>();

const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
const tell = ({ report, attempt }: TrackerReport) =>
  say({ type: 'report', report, ...(attempt && { attempt }) });

function takeAudio(message: Extract<ToWorker, { type: 'audio' }>): void {
  const { stationId, sessionId, firstSample, samples } = message;
  let session = sessions.get(sessionId);
  if (session && session.next !== firstSample) {
    // Audio was left out: what was followed up to here is closed, and the rest begins anew.
    const last = session.tracker.end();
    if (last) tell(last);
    session = undefined;
  }
  if (!session) {
    const memory = memories.get(stationId) ?? { hypothesis: undefined };
    memories.set(stationId, memory);
    const former = sessions.get(sessionId)?.tracker.lastLineId ?? 0;
    const tracker = new SessionTracker(stationId, sessionId, tools, memory, {
      firstSample,
      lastLineId: Math.max(former, message.lastLineId),
    });
    session = { tracker, next: firstSample };
    sessions.set(sessionId, session);
  }
  session.next = firstSample + samples.length;
  for (const report of session.tracker.audio(samples)) tell(report);
  say({ type: 'taken', sessionId, samples: samples.length });
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'index':
      checkIndex(message.index);
      tools.index = message.index;
      tools.searcher.use(message.index);
      return;
    case 'audio':
      return takeAudio(message);
    case 'end': {
      const last = sessions.get(message.sessionId)?.tracker.end();
      if (last) tell(last);
      sessions.delete(message.sessionId);
      return say({ type: 'ended', sessionId: message.sessionId });
    }
    case 'fingerprint':
    case 'duplicate':
      try {
        answer(message);
      } catch (error) {
        say({ type: 'failed', id: message.id, message: (error as Error).message });
      }
  }
});

function answer(message: Extract<ToWorker, { type: 'fingerprint' | 'duplicate' }>): void {
  if (message.type === 'fingerprint') {
    say({ type: 'fingerprint', id: message.id, fingerprint: fingerprintOf(message.samples) });
    return;
  }
  const { words } = unpackFingerprint(message.fingerprint);
  const map = new PeakMap(DUPLICATE_MAP_FRAMES);
  say({
    type: 'duplicate',
    id: message.id,
    duplicate: findDuplicate(words, tools.index, tools.searcher, map),
  });
}
