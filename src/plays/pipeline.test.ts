import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { air, samplesFrom } from '../../test/support/air';
import { freshDatabase } from '../../test/support/database';
import { type Aired, reportsOf, seeded } from '../../test/support/heard-programme';
import { stationAndTrack } from '../../test/support/stored-plays';
import { scrape } from '../../test/support/telemetry';
import { SAMPLE_RATE } from '../audio';
import type { AudioChunk, SessionEnded, SessionStarted } from '../capture/types';
import { clockAtRate } from '../clock';
import { Attempts } from '../recognition/attempts';
import { fingerprintOf } from '../recognition/local/fingerprint';
import { PlayLog } from './log';
import { PlayPipeline } from './pipeline';
import { PlayStore } from './store';
import { UnknownAudio, type UnknownPlay } from './unknown';
import { UnknownStore } from './unknown-store';

const complaints: string[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => void complaints.push(JSON.parse(line).msg) });
/** Fingerprints take their time where other tests run beside. */
const WAIT = { timeout: 60_000 };
const ZERO = Date.UTC(2026, 10, 1, 8);
let db: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let ids: { stationId: number; trackId: number };
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  complaints.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'sodav-pipeline-'));
  ids = await stationAndTrack(db.knex, { title: 'Birima' });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A run of the service from recogniser to database; the clock stands at the air's start and runs `rate` times as fast. */
async function run(
  options: { rate?: number; maxBytes?: number; nowMs?: number; wanted?: (play: UnknownPlay) => boolean } = {},
) {
  const store = new PlayStore(db.knex);
  const unknownStore = new UnknownStore(db.knex);
  const shift = Date.now() - (options.nowMs ?? ZERO);
  const fast = clockAtRate(options.rate ?? 1);
  const clock = { ...fast, now: () => fast.now() - shift };
  const plays = await PlayLog.open({ folder: join(folder, 'journal'), store, maxBytes: 1e7, log });
  const told: UnknownPlay[] = [];
  const unknown: UnknownAudio = await UnknownAudio.open({
    folder: join(folder, 'unknown'),
    maxBytes: options.maxBytes ?? 1e8,
    store: unknownStore,
    // What waits for an ended play's bounds to settle takes a second.
    clock: clockAtRate(45),
    log,
    fingerprint: fingerprintOf,
    isWaiting: (id) => plays.latest(id) !== undefined,
    onUnknown(play) {
      told.push(play);
      if (options.wanted?.(play) === false) void unknown.release(play.playId);
    },
  });
  const received = { started: [] as SessionStarted[], samples: 0, ended: [] as SessionEnded[] };
  const recognizer = {
    sessionStarted: (event: SessionStarted) => void received.started.push(event),
    audio: (chunk: AudioChunk) => {
      received.samples += chunk.samples.length;
    },
    sessionEnded: (event: SessionEnded) => void received.ended.push(event),
  };
  const pipeline = new PlayPipeline({ recognizer, plays, store, clock, log, unknown });
  await pipeline.resume();
  const stop = async () => {
    await pipeline.stop();
    await plays.flushed();
    await plays.stop();
  };
  stops.push(stop);
  return { pipeline, plays, store, unknown, unknownStore, told, received, stop };
}

const song = (trackId: number | undefined, fromS: number, toS: number, refFromS = 0): Aired => ({
  ...(trackId === undefined ? {} : { trackId }),
  ...{ fromS, toS, refFromS, tempo: 1, trackDurationS: toS - fromS + refFromS, hidden: [] },
});
const heard = (aired: readonly Aired[], lengthS: number, sessionId: string) =>
  reportsOf(aired, lengthS, seeded(5), { stationId: ids.stationId, sessionId });
const lost = async (labels = {}) => (await scrape()).sum('sodav_unknown_plays_lost_total', labels);
const pcm = (path: string) => {
  const data = readFileSync(path);
  return new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
};

test('what is heard comes to the database, and the recogniser gets all audio', async () => {
  const { pipeline, plays, store, received } = await run();
  const reports = heard([song(ids.trackId, 10, 100), song(undefined, 100, 180)], 240, 'a');
  air(pipeline, reports.slice(0, 24), ZERO);
  expect(pipeline.now(ids.stationId)).toMatchObject({ trackId: ids.trackId, status: 'open' });
  expect(pipeline.lastDetectionAt(ids.stationId)! - ZERO).toBeGreaterThan(50_000);
  expect(pipeline.lastDetectionAt(ids.stationId + 1)).toBeUndefined();
  pipeline.title({
    stationId: ids.stationId,
    sessionId: 'a',
    title: 'Youssou - Birima',
    atSample: 20 * SAMPLE_RATE,
  });
  air(pipeline, reports.slice(24), ZERO, { start: false });
  await plays.flushed();
  const { items } = await store.list({ stationId: ids.stationId });
  expect(items).toMatchObject([
    { kind: 'unknown', status: 'complete' },
    { kind: 'track', status: 'complete', title: 'Birima', evidence: { streamTitle: 'Youssou - Birima' } },
  ]);
  expect(pipeline.now(ids.stationId)).toBeUndefined();
  expect(received.started).toHaveLength(1);
  expect(received.samples).toBe(240 * SAMPLE_RATE);
});

describe('unknown music', () => {
  test('its exact audio lies on disk, its fingerprint in the database, and the services are told', async () => {
    const { pipeline, told, unknownStore, unknown } = await run();
    air(pipeline, heard([song(undefined, 20, 145)], 200, 'a'), ZERO);
    await expect.poll(() => told.length, WAIT).toBe(2);
    const [first, last] = told;
    expect(first).toMatchObject({ stationId: ids.stationId, status: 'open', complete: false });
    expect(first!.durationS).toBeGreaterThan(25);
    expect(last).toMatchObject({ playId: first!.playId, status: 'complete', complete: true, durationS: 125 });
    expect(pcm(last!.pcmPath)).toEqual(samplesFrom(20 * SAMPLE_RATE, 125 * SAMPLE_RATE));
    const kept = await unknownStore.fingerprint(last!.playId);
    expect(kept).toEqual(fingerprintOf(pcm(last!.pcmPath)));
    const attempts = new Attempts(db.knex);
    await attempts.saveOutcome(last!.playId, 'acoustid', 'no_match');
    await attempts.saveChromaprint(last!.playId, 'AQAB');
    const audio = { playId: last!.playId, pcmPath: last!.pcmPath, durationS: 125 };
    expect(unknown.kept()).toEqual([audio]);
    expect(await attempts.pending([last!.playId], ZERO)).toEqual([
      {
        playId: last!.playId,
        durationS: 125,
        complete: true,
        retries: 0,
        acoustid: 'no_match',
        chromaprint: 'AQAB',
      },
    ]);
    await unknown.release(last!.playId);
    expect(unknown.kept()).toEqual([]);
  });

  test('that a recognised song follows keeps only its own audio', async () => {
    const { pipeline, told } = await run();
    air(pipeline, heard([song(undefined, 0, 101), song(ids.trackId, 101, 200)], 260, 'a'), ZERO);
    await expect.poll(() => told.at(-1)?.status, WAIT).toBe('complete');
    const { durationS, pcmPath, complete } = told.at(-1)!;
    expect(complete).toBe(true);
    expect(durationS).toBeGreaterThan(100);
    expect(durationS).toBeLessThan(102);
    expect(pcm(pcmPath)).toEqual(samplesFrom(0, Math.round(durationS * SAMPLE_RATE)));
  });

  describe('that a title ends too late, before the line of the next song is accepted', () => {
    async function heardUntilTheLine() {
      const here = await run({ wanted: ({ status }) => status === 'open' });
      const { pipeline, told } = here;
      const title = (atS: number, text: string) =>
        pipeline.title({ ...ids, sessionId: 'a', title: text, atSample: atS * SAMPLE_RATE });
      const reports = heard([song(undefined, 0, 97), song(ids.trackId, 97, 200)], 250, 'a');
      const line = reports.findIndex(({ lines }) => lines.length > 0);
      air(pipeline, reports.slice(0, 2), ZERO);
      title(5, 'A');
      air(pipeline, reports.slice(2, line - 1), ZERO, { start: false });
      title(99, 'B');
      air(pipeline, reports.slice(line - 1, line), ZERO, { start: false });
      const goOn = () => air(pipeline, reports.slice(line), ZERO, { start: false });
      return { ...here, goOn, ended: () => told.filter(({ status }) => status === 'complete') };
    }

    test('is told once, with the audio that it has in the end', async () => {
      const { goOn, ended, unknownStore, stop } = await heardUntilTheLine();
      goOn();
      await expect.poll(() => ended().length, WAIT).toBeGreaterThan(0);
      await stop();
      expect(ended()).toMatchObject([{ complete: true }]);
      const { playId, durationS } = ended()[0]!;
      expect(Math.abs(durationS - 97)).toBeLessThan(0.5);
      const own = samplesFrom(0, Math.round(durationS * SAMPLE_RATE));
      expect(await unknownStore.fingerprint(playId)).toEqual(fingerprintOf(own));
      expect(complaints).toEqual([]);
    });

    test('and whose audio has served by then: nothing is lost, and nothing said', async () => {
      const { goOn, ended, plays, store, stop } = await heardUntilTheLine();
      const before = await lost();
      await expect.poll(() => ended().length, WAIT).toBe(1);
      goOn();
      await plays.flushed();
      const play = await store.get(ended()[0]!.playId);
      expect((play!.endedAt - play!.startedAt) / 1000).toBeLessThan(98);
      await stop();
      expect(ended()).toHaveLength(1);
      expect([await lost(), complaints]).toEqual([before, []]);
    });
  });

  test('that is reported when its audio is gone is lost: that is said once, and counted', async () => {
    const { pipeline, told, stop } = await run();
    const before = await lost({ reason: 'late' });
    const reports = heard([song(undefined, 0, 60)], 200, 'a');
    // The recogniser has not said a word when the last of it has been heard.
    air(
      {
        sessionStarted: (event) => pipeline.sessionStarted(event),
        audio: (chunk) => pipeline.audio(chunk),
        title: (event) => pipeline.title(event),
        sessionEnded: (event) => pipeline.sessionEnded(event),
        connectFailed: () => undefined,
        report: () => undefined,
      },
      reports,
      ZERO,
    );
    for (const report of reports) pipeline.report(report);
    const message =
      "musique inconnue : l'audio n'était plus en mémoire quand elle a été relevée, elle ne sera pas identifiée";
    await expect.poll(() => complaints, WAIT).toEqual([message]);
    await stop();
    expect(await lost({ reason: 'late' })).toBe(before + 1);
    expect([told, complaints]).toEqual([[], [message]]);
  });

  test('that turns out to be the beginning of a recognised song leaves nothing behind', async () => {
    const { pipeline, plays, store, told } = await run();
    const line = heard([song(ids.trackId, 0, 100)], 100, 'a').at(-2)!.lines[0]!;
    const reports = heard([song(undefined, 0, 100)], 150, 'a').map((report) =>
      report.upToS < 60 ? report : { ...report, lines: [{ ...line, closed: report.upToS >= 100 }] },
    );
    air(pipeline, reports, ZERO);
    await plays.flushed();
    await expect.poll(() => told.length, WAIT).toBe(1);
    expect((await store.list({ stationId: ids.stationId })).items).toMatchObject([
      { id: told[0]!.playId, kind: 'track', trackId: ids.trackId },
    ]);
    await expect.poll(() => readdirSync(join(folder, 'unknown')), WAIT).toEqual([]);
  });

  test('named while it goes on is one play, and its audio is let go', async () => {
    const { pipeline, plays, store, told } = await run();
    const reports = heard([song(undefined, 0, 120)], 170, 'a');
    air(pipeline, reports.slice(0, 24), ZERO);
    await expect.poll(() => told.length, WAIT).toBe(1);
    await pipeline.identified(told[0]!.playId, ids.trackId, 'audd');
    expect(pipeline.now(ids.stationId)).toMatchObject({ kind: 'track', method: 'audd' });
    air(pipeline, reports.slice(24), ZERO, { start: false });
    await plays.flushed();
    const [play] = (await store.list({ stationId: ids.stationId })).items;
    expect(play).toMatchObject({
      kind: 'track',
      method: 'audd',
      status: 'complete',
      endedAt: ZERO + 120_000,
    });
    await expect.poll(() => readdirSync(join(folder, 'unknown')), WAIT).toEqual([]);
    expect(told).toHaveLength(1);
  });

  test('named after its end, wherever its last revision is', async () => {
    const { pipeline, plays, store, told } = await run();
    air(pipeline, heard([song(undefined, 0, 60)], 600, 'a'), ZERO);
    await expect.poll(() => told.at(-1)?.complete, WAIT).toBe(true);
    await plays.flushed();
    await pipeline.identified(told.at(-1)!.playId, ids.trackId, 'acoustid', 0.9);
    await plays.flushed();
    expect(await store.get(told.at(-1)!.playId)).toMatchObject({
      kind: 'track',
      method: 'acoustid',
      confidence: 0.9,
    });
    await expect(pipeline.identified(told.at(-1)!.playId, ids.trackId, 'acoustid')).rejects.toMatchObject({
      code: 'play_not_unknown',
    });
  });

  test('takes no more disk than it may: the oldest audio goes, and is counted', async () => {
    const { pipeline, told, unknown } = await run({ maxBytes: 3e6 });
    const before = await lost({ reason: 'disk_full' });
    for (let i = 0; i < 4; i++) {
      air(pipeline, heard([song(undefined, 0, 60)], 130, `s${i}`), ZERO + i * 200_000, { fault: 'stall' });
      await expect.poll(() => told.filter(({ complete }) => complete).length, WAIT).toBe(i + 1);
    }
    expect(unknown.bytes).toBeLessThanOrEqual(3e6);
    expect(await lost({ reason: 'disk_full' })).toBe(before + 1);
    expect(complaints).toHaveLength(1);
    const left = told.filter(({ complete }) => complete).map(({ playId }) => `${playId}.pcm`);
    expect(readdirSync(join(folder, 'unknown')).sort()).toEqual(left.slice(1).sort());
  });
});

describe('stopped and started again', () => {
  test('in the middle of a song: one play', async () => {
    const first = await run();
    air(first.pipeline, heard([song(ids.trackId, 10, 210)], 100, 'a'), ZERO);
    await first.pipeline.stop();
    // Capture stops after it: that is no end of the play.
    first.pipeline.sessionEnded({ stationId: ids.stationId, sessionId: 'a', detail: '', samples: 800_000 });
    await first.stop();
    expect(await first.store.openPlays(ids.stationId)).toHaveLength(1);

    const second = await run({ nowMs: ZERO + 120_000 });
    air(second.pipeline, heard([song(ids.trackId, 0, 80, 120)], 150, 'b'), ZERO + 130_000);
    await second.plays.flushed();
    const { items } = await second.store.list({ stationId: ids.stationId });
    expect(items).toMatchObject([{ status: 'complete' }]);
    expect((items[0]!.endedAt - items[0]!.startedAt) / 1000).toBeCloseTo(200, 0);
  });

  test('before the bounds of an unknown play have settled: told by the next run, as whole', async () => {
    const first = await run();
    air(first.pipeline, heard([song(undefined, 0, 60)], 80, 'a'), ZERO);
    await first.stop();
    expect(first.told.map(({ status }) => status)).toEqual(['open']);
    const second = await run({ nowMs: ZERO + 100_000 });
    await second.unknown.recover();
    await expect
      .poll(() => second.told, WAIT)
      .toMatchObject([{ status: 'complete', complete: true, durationS: 60 }]);
  });

  test('and the station gone: the play is closed as cut by the clock alone, unknown music with its audio', async () => {
    const first = await run();
    air(first.pipeline, heard([song(ids.trackId, 0, 60), song(undefined, 110, 300)], 200, 'a'), ZERO);
    await first.stop();
    const other = await run();
    air(other.pipeline, heard([song(ids.trackId, 10, 210)], 100, 'b'), ZERO + 300_000);
    await other.stop();

    const second = await run({ rate: 60, nowMs: ZERO + 400_000 });
    await second.unknown.recover();
    await expect.poll(() => second.store.openPlays(ids.stationId), { timeout: 60_000 }).toEqual([]);
    const { items } = await second.store.list({ stationId: ids.stationId });
    expect(items.map(({ kind, status, cutReason }) => [kind, status, cutReason])).toEqual([
      ['track', 'cut', 'restart'],
      ['unknown', 'cut', 'restart'],
      ['track', 'complete', undefined],
    ]);
    const unknownIds = items.flatMap(({ id, kind }) => (kind === 'unknown' ? [id] : []));
    const pending = () => new Attempts(db.knex).pending(unknownIds, ZERO);
    await expect.poll(pending, WAIT).toMatchObject([{ playId: unknownIds[0], complete: false }]);
    const [left] = second.unknown.kept();
    expect(pcm(left!.pcmPath)).toEqual(
      samplesFrom(110 * SAMPLE_RATE, Math.round(left!.durationS * SAMPLE_RATE)),
    );
  });
});
