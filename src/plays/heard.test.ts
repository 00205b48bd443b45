import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { music } from '../../test/support/airplay';
import { freshDatabase } from '../../test/support/database';
import { stationAndTrack } from '../../test/support/stored-plays';
import { SAMPLE_RATE } from '../audio';
import { systemClock } from '../clock';
import { fingerprintOf } from '../recognition/local/fingerprint';
import { LocalRecognizer } from '../recognition/local/recognizer';
import { PlayLog } from './log';
import { PlayPipeline } from './pipeline';
import { PlayStore } from './store';

const log = pino({ level: 'silent' });
const ZERO = Date.UTC(2026, 10, 1, 8);
let db: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let recognizer: LocalRecognizer;

beforeAll(async () => {
  db = await freshDatabase();
  folder = mkdtempSync(join(tmpdir(), 'sodav-heard-'));
});
afterAll(async () => {
  await recognizer?.stop();
  await db?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Audio pieces one after the other, with where each begins and ends, seconds. */
function joined(pieces: readonly Int16Array[]): { air: Int16Array; bounds: [number, number][] } {
  const air = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  const bounds = pieces.map((piece): [number, number] => {
    air.set(piece, at);
    at += piece.length;
    return [(at - piece.length) / SAMPLE_RATE, at / SAMPLE_RATE];
  });
  return { air, bounds };
}

const silence = (seconds: number) => new Int16Array(seconds * SAMPLE_RATE);

test('a programme heard by the real recogniser: known songs, an unknown one, a lost stream', async () => {
  const { stationId, trackId: a } = await stationAndTrack(db.knex);
  const { trackId: b } = await stationAndTrack(db.knex);
  const [songA, songB, unknown] = [music(901, 60), music(902, 90), music(903, 50)];
  const store = new PlayStore(db.knex);
  const plays = await PlayLog.open({ folder, store, maxBytes: 1e7, log });
  let pipeline: PlayPipeline | undefined;
  let upToS = 0;
  const drained = new Set<string>();
  recognizer = new LocalRecognizer({
    threads: 1,
    log,
    onReport: (report) => {
      upToS = report.upToS;
      pipeline?.report(report);
    },
    onDrained: (sessionId) => {
      pipeline?.drained(sessionId);
      drained.add(sessionId);
    },
  });
  await recognizer.replaceTracks([
    { trackId: a, fingerprint: fingerprintOf(songA) },
    { trackId: b, fingerprint: fingerprintOf(songB) },
  ]);
  pipeline = new PlayPipeline({ recognizer, plays, store, clock: systemClock, log });

  const { air, bounds } = joined([silence(5), songA, unknown, songB, silence(45)]);
  const [, boundsA, boundsUnknown, boundsB] = bounds;
  // The stream is lost for 12 s in the middle of song B.
  const lostAt = Math.round((boundsB![0] + 30) * SAMPLE_RATE);
  const backAt = lostAt + 12 * SAMPLE_RATE;
  const sessions = [
    { sessionId: 's1', from: 0, to: lostAt, fault: 'stall' as const },
    { sessionId: 's2', from: backAt, to: air.length, fault: undefined },
  ];
  for (const { sessionId, from, to, fault } of sessions) {
    pipeline.sessionStarted({ stationId, sessionId, codec: 'mp3', url: 'http://radio.example/' });
    upToS = 0;
    const sampleZeroAt = ZERO + (from / SAMPLE_RATE) * 1000;
    for (let at = from; at < to; at += SAMPLE_RATE) {
      const samples = air.slice(at, Math.min(to, at + SAMPLE_RATE));
      pipeline.audio({ stationId, sessionId, firstSample: at - from, samples, sampleZeroAt });
      // As much ahead of the recogniser as a station may be.
      if ((at - from) / SAMPLE_RATE > 20) {
        await expect
          .poll(() => upToS, { timeout: 60_000, interval: 5 })
          .toBeGreaterThan((at - from) / SAMPLE_RATE - 20);
      }
    }
    pipeline.sessionEnded({
      stationId,
      sessionId,
      detail: '',
      samples: to - from,
      ...(fault ? { fault } : {}),
    });
    await expect.poll(() => drained.has(sessionId), { timeout: 60_000 }).toBe(true);
  }
  await pipeline.stop();
  await plays.flushed();
  await plays.stop();

  const { items } = await store.list({ stationId });
  const heard = items.toReversed().map(({ kind, status, trackId, startedAt, endedAt }) => ({
    ...{ kind, status, trackId },
    from: (startedAt - ZERO) / 1000,
    to: (endedAt - ZERO) / 1000,
  }));
  expect(heard.map(({ kind, trackId, status }) => [kind, trackId, status])).toEqual([
    ['track', a, 'complete'],
    ['unknown', undefined, 'complete'],
    ['track', b, 'complete'],
  ]);
  for (const [i, [from, to]] of [boundsA!, boundsUnknown!, boundsB!].entries()) {
    expect(Math.abs(heard[i]!.from - from), `start of ${i}`).toBeLessThan(3);
    expect(Math.abs(heard[i]!.to - to), `end of ${i}`).toBeLessThan(3);
  }
  expect(items[0]!.evidence.heard.length).toBe(2);
});
