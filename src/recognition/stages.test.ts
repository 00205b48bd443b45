import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AcoustIdServer, startAcoustIdServer } from '../../test/support/acoustid-server';
import { type AuddServer, startAuddServer } from '../../test/support/audd-server';
import { freshDatabase } from '../../test/support/database';
import { RecordedMetrics } from '../../test/support/recorded-metrics';
import { tune } from '../../test/support/tune';
import { SAMPLE_RATE } from '../audio';
import { systemClock } from '../clock';
import { AppError } from '../errors';
import { AcoustIdClient, type AcoustIdOptions } from './acoustid/client';
import { Attempts } from './attempts';
import { AuddClient, type AuddOptions } from './audd/client';
import { DailyBudget } from './budget';
import { RateGate } from './rate-gate';
import { type AttemptStore, Stages, type StagesOptions, type UnknownPlay } from './stages';
import { DETECTION_STATUSES, type StageOutcome } from './types';
import { UnknownClusters } from './unknown-clusters';

const match = (score: number) =>
  ({
    kind: 'match',
    results: [
      {
        score,
        recordings: [{ id: 'mbid-1', title: 'Birima', artists: [{ id: 'a', name: 'Youssou N’Dour' }] }],
      },
    ],
  }) as const;
const auddMatch = {
  kind: 'match',
  result: { artist: 'Baaba Maal', title: 'Yela', timecode: '01:05' },
} as const;
/** A fingerprint that nothing is like, for plays whose sound does not matter. */
const anyPrint = () => Buffer.from([1, 0, 0, 1, 1 + Math.floor(Math.random() * 6)]).toString('base64url');

let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let stationId: number;
let acoustid: AcoustIdServer;
let audd: AuddServer;
let metrics: RecordedMetrics;
let identified: { playId: string; outcome: StageOutcome; sameAs?: string }[];
let unknown: string[];
let stages: Stages | undefined;

beforeAll(async () => {
  database = await freshDatabase();
  folder = mkdtempSync(join(tmpdir(), 'sodav-stages-'));
  const [station] = await database
    .knex('stations')
    .insert({ name: 'Radio', url: 'http://r' })
    .returning('id');
  stationId = Number(station.id);
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  acoustid = await startAcoustIdServer();
  audd = await startAuddServer();
  metrics = new RecordedMetrics();
  identified = [];
  unknown = [];
  await database.knex('api_budget').delete();
});
afterEach(async () => {
  await stages?.stop(100);
  stages = undefined;
  metrics.disconnect();
  await acoustid.close();
  await audd.close();
});

type Options = Partial<StagesOptions> & {
  acoustidOptions?: Partial<AcoustIdOptions>;
  auddOptions?: Partial<AuddOptions>;
};

function makeStages({ acoustidOptions, auddOptions, ...more }: Options = {}): Stages {
  stages = new Stages({
    acoustid: new AcoustIdClient({
      key: 'test-key',
      url: acoustid.url,
      timeoutMs: 400,
      attempts: 1,
      gate: new RateGate(350, systemClock),
      ...acoustidOptions,
    }),
    audd: new AuddClient({
      token: 'test-token',
      url: audd.url,
      timeoutMs: 400,
      attempts: 1,
      budget: new DailyBudget(database.knex, 'audd', 100),
      ...auddOptions,
    }),
    clusters: new UnknownClusters(),
    store: new Attempts(database.knex),
    log: pino({ level: 'silent' }),
    onIdentified: (end) => void identified.push(end),
    onUnknown: ({ playId }) => void unknown.push(playId),
    ...more,
  });
  return stages;
}

/** A play in the database with its PCM on disk. */
async function play(over: Partial<UnknownPlay> & { seed?: number } = {}): Promise<UnknownPlay> {
  const { seed = 1, durationS = 30, ...rest } = over;
  const playId = randomUUID();
  const started = Date.parse('2026-11-24T10:00:00Z');
  await database.knex('plays').insert({
    id: playId,
    revision: 1,
    station_id: stationId,
    kind: 'unknown',
    status: 'complete',
    started_at: new Date(started),
    start_error_s: 1,
    ended_at: new Date(started + durationS * 1000),
    end_error_s: 1,
    evidence: JSON.stringify({ sessionId: 's', heard: [] }),
  });
  await database.knex('unknown_plays').insert({ play_id: playId, version: 1, data: Buffer.from([1]) });
  const pcmFile = join(folder, `${playId}.s16`);
  writeFileSync(pcmFile, Buffer.from(tune(seed, durationS).buffer));
  return { playId, pcmFile, durationS, complete: true, jingle: false, content: 'music', ...rest };
}

const stored = async ({ playId }: UnknownPlay) =>
  database
    .knex('unknown_plays')
    .where('play_id', playId)
    .first('acoustid', 'audd', 'attempts', 'chromaprint');

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Has the play looked up to its end. */
const settled = (running: Stages) =>
  until(() => Object.values(running.queueLengths()).every((length) => length === 0), 'empty queues');
async function through(running: Stages, one: UnknownPlay): Promise<void> {
  expect(running.enqueue(one)).toBe('queued');
  await settled(running);
}

const counted = () => metrics.detections.map(({ method, status }) => `${method} ${status}`);

describe('the order of the stages', () => {
  test('AcoustID is asked about the whole play with its fingerprint; what it names, AudD is not asked about', async () => {
    acoustid.willAnswer(match(0.9));
    const running = makeStages();
    const one = await play({ durationS: 31.4 });
    running.enqueue(one);
    await settled(running);
    expect(identified).toMatchObject([
      {
        playId: one.playId,
        outcome: { method: 'acoustid', identification: { title: 'Birima', confidence: 0.9 } },
      },
    ]);
    const row = await stored(one);
    expect(row).toMatchObject({ acoustid: 'success', audd: null, attempts: 1 });
    expect(acoustid.seen).toMatchObject([{ duration: 31, fingerprint: row.chromaprint }]);
    expect(audd.seen).toHaveLength(0);
    expect(metrics.detections).toMatchObject([{ method: 'acoustid', status: 'success', confidence: 0.9 }]);
    expect(metrics.detections[0]!.seconds).toBeGreaterThan(0);
  });

  test('what AcoustID does not know goes to AudD: twelve seconds from a third into the play', async () => {
    audd.willAnswer(auddMatch);
    const running = makeStages();
    const one = await play({ durationS: 45 });
    running.enqueue(one);
    await settled(running);
    expect(await stored(one)).toMatchObject({ acoustid: 'no_match', audd: 'success', attempts: 2 });
    expect(identified[0]?.outcome.identification).toEqual({
      title: 'Yela',
      artists: ['Baaba Maal'],
      timecodeS: 65,
    });
    const from = 15 * SAMPLE_RATE;
    expect(audd.seen[0]!.wav.subarray(44)).toEqual(
      Buffer.from(tune(1, 45).slice(from, from + 12 * SAMPLE_RATE).buffer),
    );
    expect(metrics.detections.at(-1)).toEqual({
      method: 'audd',
      status: 'success',
      seconds: expect.any(Number),
    });
    expect([...acoustid.violations, ...audd.violations]).toEqual([]);
  });

  test('what nobody knows stays unknown, and an incomplete play is no matter for AcoustID', async () => {
    const running = makeStages();
    const [whole, cut] = [await play({ seed: 1 }), await play({ seed: 2, complete: false })];
    running.enqueue(whole);
    running.enqueue(cut);
    await settled(running);
    expect(unknown.sort()).toEqual([whole.playId, cut.playId].sort());
    expect(identified).toEqual([]);
    expect(await stored(whole)).toMatchObject({ acoustid: 'no_match', audd: 'no_match' });
    expect(await stored(cut)).toMatchObject({ acoustid: null, audd: 'no_match' });
    expect(acoustid.seen).toHaveLength(1);
    expect(audd.seen).toHaveLength(2);
  });

  test('speech, jingles, short plays and what was answered before are nobody’s business', async () => {
    const running = makeStages();
    for (const over of [
      { content: 'speech' as const },
      { content: 'silence' as const },
      { jingle: true },
      { durationS: 14 },
      { acoustid: 'no_match' as const, audd: 'no_match' as const },
    ]) {
      expect(running.enqueue(await play(over))).toBe('ineligible');
    }
    const off = makeStages({ acoustidOptions: { key: undefined }, auddOptions: { token: undefined } });
    expect(off.enqueue(await play())).toBe('ineligible');
    expect(acoustid.seen.length + audd.seen.length).toBe(0);
    expect(metrics.detections).toEqual([]);
  });

  test('with one key only, only that service is asked', async () => {
    const running = makeStages({ acoustidOptions: { key: undefined } });
    await through(running, await play());
    expect([acoustid.seen.length, audd.seen.length]).toEqual([0, 1]);
    const other = makeStages({ auddOptions: { token: undefined } });
    await through(other, await play({ seed: 2 }));
    expect([acoustid.seen.length, audd.seen.length]).toEqual([1, 1]);
    expect(unknown).toHaveLength(2);
  });
});

describe('every status comes from a real cause, and is counted once', () => {
  test('AcoustID', async () => {
    acoustid.willAnswer(
      match(0.95),
      { kind: 'no_match' },
      match(0.3),
      { kind: 'hang' },
      { kind: 'status', status: 429 },
      { kind: 'status', status: 500 },
      { kind: 'malformed' },
      { kind: 'reset' },
      { kind: 'error', code: 4, message: 'invalid API key' },
    );
    const running = makeStages({ auddOptions: { token: undefined } });
    for (let i = 0; i < 10; i++)
      await through(running, await play({ durationS: 16, chromaprint: anyPrint() }));
    const expected = [
      'success',
      'no_match',
      'low_confidence',
      'timeout',
      'rate_limited',
      'failure',
      'failure',
      'failure',
      'failure',
      'skipped', // the key was refused
    ];
    expect(metrics.detections.map(({ status }) => status)).toEqual(expected);
    expect(new Set(expected)).toEqual(new Set(DETECTION_STATUSES));
    expect(metrics.calls).toHaveLength(acoustid.seen.length);
    expect(acoustid.seen).toHaveLength(9);
    // A confidence is observed where AcoustID gave one for what it named, and nowhere else.
    expect(metrics.detections.map(({ confidence }) => confidence).filter((c) => c !== undefined)).toEqual([
      0.95,
    ]);
    expect(metrics.detections.every(({ seconds }) => seconds !== undefined)).toBe(true);
    expect(metrics.seconds).toHaveLength(acoustid.seen.length);
  });

  test('AudD, which has no low confidence because it has none', async () => {
    audd.willAnswer(
      auddMatch,
      { kind: 'no_match' },
      { kind: 'hang' },
      { kind: 'status', status: 429 },
      { kind: 'error', code: 300 },
      { kind: 'malformed' },
      { kind: 'reset' },
      { kind: 'error', code: 902 },
    );
    const running = makeStages({ acoustidOptions: { key: undefined } });
    for (let i = 0; i < 9; i++)
      await through(running, await play({ durationS: 16, chromaprint: anyPrint() }));
    expect(counted()).toEqual(
      [
        'success',
        'no_match',
        'timeout',
        'rate_limited',
        'failure',
        'failure',
        'failure',
        'rate_limited',
        'skipped',
      ].map((status) => `audd ${status}`),
    );
    expect(metrics.statuses()).toHaveLength(audd.seen.length);
    expect(audd.seen).toHaveLength(8);
    expect(metrics.detections.every(({ confidence }) => confidence === undefined)).toBe(true);
  });

  test('retries are requests, not attempts', async () => {
    acoustid.willAnswer({ kind: 'status', status: 503 }, { kind: 'reset' }, match(0.9));
    const running = makeStages({ acoustidOptions: { attempts: 3 } });
    await through(running, await play({ chromaprint: anyPrint() }));
    expect(metrics.statuses()).toEqual(['server_error', 'unreachable', 'success']);
    expect(acoustid.seen).toHaveLength(3);
    expect(counted()).toEqual(['acoustid success']);
  });

  test('closed ports, lost PCM and a spent budget', async () => {
    await acoustid.close();
    const running = makeStages({ auddOptions: { budget: new DailyBudget(database.knex, 'audd', 0) } });
    await through(running, await play());
    const lost = await play({ pcmFile: join(folder, 'none.s16') });
    await through(running, lost);
    expect(counted()).toEqual(['acoustid failure', 'audd skipped', 'acoustid failure', 'audd failure']);
    expect(metrics.statuses()).toEqual(['unreachable']);
    expect(await stored(lost)).toMatchObject({ acoustid: 'failure', audd: 'failure', chromaprint: null });
  });
});

describe('the same unknown again', () => {
  test('is asked about once, however often it comes, also after a restart', async () => {
    const running = makeStages();
    for (let i = 0; i < 3; i++) await through(running, await play({ seed: 11 }));
    expect([acoustid.seen.length, audd.seen.length]).toEqual([1, 1]);
    expect(counted().slice(2)).toEqual([
      'acoustid skipped',
      'audd skipped',
      'acoustid skipped',
      'audd skipped',
    ]);
    await running.stop();

    const clusters = new UnknownClusters();
    expect(await new Attempts(database.knex).recall(clusters)).toBeGreaterThanOrEqual(1);
    const restarted = makeStages({ clusters });
    await through(restarted, await play({ seed: 11 }));
    expect([acoustid.seen.length, audd.seen.length]).toEqual([1, 1]);
  });

  test('gets the name that the first one got', async () => {
    acoustid.willAnswer(match(0.9));
    const running = makeStages();
    const [first, second] = [await play({ seed: 12 }), await play({ seed: 12 })];
    running.enqueue(first);
    running.enqueue(second);
    await settled(running);
    expect(acoustid.seen).toHaveLength(1);
    expect(identified.map(({ playId }) => playId)).toEqual([first.playId, second.playId]);
    expect(identified[1]).toMatchObject({
      sameAs: first.playId,
      outcome: { identification: { title: 'Birima' } },
    });
    expect(counted()).toEqual(['acoustid success', 'acoustid skipped']);
  });

  test('with other boundaries is asked about at AcoustID again, which compares durations', async () => {
    const running = makeStages();
    await through(running, await play({ seed: 13, durationS: 40 }));
    await through(running, await play({ seed: 13, durationS: 50 }));
    await through(running, await play({ seed: 13, durationS: 50 }));
    expect([acoustid.seen.length, audd.seen.length]).toEqual([2, 1]);
  });
});

describe('what is kept of unknown plays', () => {
  test('answers are not undone by a skip; who was never put off is first, who was put off has its time', async () => {
    const attempts = new Attempts(database.knex);
    const [put, fresh, open] = [await play({ durationS: 42 }), await play(), await play()];
    await database.knex('plays').where('id', open.playId).update({ status: 'open' });
    const ids = [put, fresh, open].map(({ playId }) => playId);
    const now = Date.UTC(2026, 10, 24, 12);
    await attempts.postpone(put.playId, now + 300_000);
    await attempts.saveOutcome(put.playId, 'acoustid', 'no_match');
    await attempts.saveOutcome(put.playId, 'acoustid', 'skipped');
    await attempts.saveOutcome(put.playId, 'audd', 'timeout');
    const first = { playId: fresh.playId, durationS: 30, complete: true, retries: 0 };
    expect(await attempts.pending(ids, now + 299_999)).toEqual([first]);
    expect(await attempts.pending(ids, now + 300_000)).toEqual([
      first,
      {
        playId: put.playId,
        durationS: 42,
        complete: true,
        retries: 1,
        acoustid: 'no_match',
        audd: 'timeout',
      },
    ]);
    expect(await attempts.pending([], now)).toEqual([]);
    expect(await stored(put)).toMatchObject({ attempts: 2 });
  });
});

describe('faults of our own', () => {
  test('a full queue refuses, the same play is taken once, and what waits shows', async () => {
    acoustid.willAnswer({ kind: 'hang' });
    const running = makeStages({ limit: 2 });
    const plays = await Promise.all([1, 2, 3].map((seed) => play({ seed, chromaprint: anyPrint() })));
    expect(running.enqueue(plays[0]!)).toBe('queued');
    expect(running.enqueue(plays[0]!)).toBe('known');
    expect(running.enqueue(plays[1]!)).toBe('queued');
    expect(running.enqueue(plays[2]!)).toBe('full');
    expect(running.queueLengths()).toEqual({ acoustid: 2, audd: 0 });
    await settled(running);
    expect(running.enqueue(plays[2]!)).toBe('queued');
    await settled(running);
  });

  test('an answer outlives a database that is away for a moment; nobody is asked or paid again', async () => {
    audd.willAnswer(auddMatch);
    let refusals = 3;
    const real = new Attempts(database.knex);
    const away = async () => {
      if (refusals-- > 0) throw new Error('the database is away');
    };
    const store: AttemptStore = {
      saveChromaprint: (...all) => real.saveChromaprint(...all),
      postpone: (...all) => real.postpone(...all),
      saveOutcome: async (...all) => {
        await away();
        await real.saveOutcome(...all);
      },
    };
    const running = makeStages({ store, acoustidOptions: { key: undefined } });
    const one = await play();
    await through(running, one);
    expect(await stored(one)).toMatchObject({ audd: 'success', attempts: 1 });
    expect(audd.seen).toHaveLength(1);
    expect(identified).toHaveLength(1);
    expect(counted()).toEqual(['audd success']);
  });

  test('a name that the log refuses does not hold the queue up', async () => {
    acoustid.willAnswer(match(0.9));
    const refused = new AppError('play_not_unknown', 409, { fr: 'Elle est connue.', en: 'It is known.' });
    const running = makeStages({
      onIdentified: () => Promise.reject(refused),
      auddOptions: { token: undefined },
    });
    const [one, two] = [await play({ chromaprint: anyPrint() }), await play({ chromaprint: anyPrint() })];
    running.enqueue(one);
    running.enqueue(two);
    await settled(running);
    expect(await stored(one)).toMatchObject({ acoustid: 'success' });
    expect(unknown).toEqual([two.playId]);
  });

  test('stop waits for an answer on its way', async () => {
    const running = makeStages({ auddOptions: { token: undefined } });
    const [one, two, three] = [
      await play({ chromaprint: anyPrint() }),
      await play({ chromaprint: anyPrint() }),
      await play({ chromaprint: anyPrint() }),
    ];
    for (const each of [one, two, three]) running.enqueue(each);
    await until(() => acoustid.seen.length === 1, 'the request');
    await running.stop();
    expect(await stored(one)).toMatchObject({ acoustid: 'no_match' });
    expect(await stored(three)).toMatchObject({ acoustid: null });
    expect(running.enqueue(three)).toBe('known');
  });

  test('stop does not wait for ever; what was not answered is asked again after the restart', async () => {
    acoustid.willAnswer({ kind: 'hang' });
    const running = makeStages({ acoustidOptions: { timeoutMs: 60_000 } });
    const one = await play({ chromaprint: anyPrint() });
    running.enqueue(one);
    await until(() => acoustid.seen.length === 1, 'the request');
    const from = Date.now();
    await running.stop(200);
    expect(Date.now() - from).toBeLessThan(2_000);
    expect(await stored(one)).toMatchObject({ acoustid: null, audd: null, attempts: 0 });
    expect(counted()).toEqual(['acoustid skipped']);
    expect(metrics.statuses()).toEqual(['timeout']);
    const restarted = makeStages();
    await through(restarted, one);
    expect(acoustid.seen).toHaveLength(2);
    expect(await stored(one)).toMatchObject({ acoustid: 'no_match', audd: 'no_match' });
  });
});
