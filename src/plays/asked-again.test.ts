import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AcoustIdServer, startAcoustIdServer } from '../../test/support/acoustid-server';
import { type AuddServer, startAuddServer } from '../../test/support/audd-server';
import { freshDatabase } from '../../test/support/database';
import { eventually } from '../../test/support/eventually';
import { stationAndTrack, unknownOf } from '../../test/support/stored-plays';
import { scrape } from '../../test/support/telemetry';
import { tune } from '../../test/support/tune';
import { clockAtRate, systemClock } from '../clock';
import type { Sql } from '../recognition/budget';
import { fingerprintOf } from '../recognition/local/fingerprint';
import { type Outside, outsideServices } from '../recognition/outside';
import { RateGate } from '../recognition/rate-gate';
import { PcmRing } from './pcm-ring';
import { PlayStore } from './store';
import type { Play } from './types';
import { UnknownAudio } from './unknown';
import { UnknownStore } from './unknown-store';

const MINUTE = 60_000;
/** Five minutes of pause take a tenth of a second. */
const RATE = 3_000;
/** The half hour that follows them takes six seconds. */
const SLOWER = 300;
const START = Date.UTC(2026, 10, 24, 8);
const named = {
  kind: 'match',
  results: [
    {
      score: 0.95,
      recordings: [{ id: 'mbid-1', title: 'Birima', artists: [{ id: 'a', name: 'Youssou N’Dour' }] }],
    },
  ],
} as const;

let db: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
let ids: { stationId: number; trackId: number };
let acoustid: AcoustIdServer;
let audd: AuddServer;
let answers: string[];
let counted: Awaited<ReturnType<typeof counts>>;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sodav-again-'));
  ids = await stationAndTrack(db.knex);
  acoustid = await startAcoustIdServer();
  audd = await startAuddServer();
  answers = [];
  counted = await counts();
  await db.knex('api_budget').delete();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  expect([...acoustid.violations, ...audd.violations, acoustid.tooFast]).toEqual([0]);
  await acoustid.close();
  await audd.close();
  rmSync(folder, { recursive: true, force: true });
});

interface RunOptions {
  startMs?: number;
  rate?: number;
  maxBytes?: number;
  limit?: number;
  dailyBudget?: number;
  acoustidKey?: string | undefined;
  auddToken?: string | undefined;
}

/** The audio of unknown music and those who are asked about it, at `startMs` on a fast clock. */
async function run(options: RunOptions = {}) {
  const shift = Date.now() - (options.startMs ?? START);
  const fast = clockAtRate(options.rate ?? RATE);
  const clock = { ...fast, now: () => fast.now() - shift };
  const log = pino({ level: 'silent' });
  const store = new PlayStore(db.knex);
  let killed = false;
  const forever = new Promise<never>(() => undefined);
  // What is left of a killed run reaches neither the database nor the disk.
  const unlessKilled = <T>(what: () => T | Promise<T>) => (killed ? forever : what());
  const sql: Sql = {
    raw: async (...query) => unlessKilled(() => db.knex.raw(...(query as [string, string[]]))),
  };
  const outside: Outside = outsideServices({
    ...{ sql, log, clock },
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    acoustid: {
      ...{ key: 'acoustidKey' in options ? options.acoustidKey : 'test-key', url: acoustid.url },
      ...{ timeoutMs: 400, attempts: 1, gate: new RateGate(350, systemClock) },
    },
    audd: {
      ...{ token: 'auddToken' in options ? options.auddToken : 'test-token', url: audd.url },
      ...{ timeoutMs: 400, attempts: 1, dailyBudget: options.dailyBudget ?? 100 },
    },
    onIdentified: ({ playId, outcome }) =>
      unlessKilled(async () => {
        answers.push(`${playId} ${outcome.method}`);
        await store.identified(playId, ids.trackId, outcome.method, outcome.identification?.confidence);
        await unknown.release(playId);
      }),
    onUnknown: ({ playId, answered }) =>
      unlessKilled(async () => {
        answers.push(`${playId} ${answered ? 'unknown' : 'given up'}`);
        await unknown.release(playId, answered ? undefined : 'no_answer');
      }),
    kept: () => (killed ? [] : unknown.kept()),
    release: async (playId) => unlessKilled(() => unknown.release(playId)),
  });
  const unknown: UnknownAudio = await UnknownAudio.open({
    folder: join(folder, 'unknown'),
    maxBytes: options.maxBytes ?? 1e8,
    store: new UnknownStore(db.knex),
    clock,
    log,
    fingerprint: fingerprintOf,
    isWaiting: () => false,
    onUnknown: ({ status }) => {
      if (status !== 'open') outside.look();
    },
  });
  await unknown.recover();
  await outside.start();
  const stop = async () => {
    if (killed) return;
    await unknown.stop();
    await outside.stop();
  };
  stops.push(stop);
  /** An unknown play is heard, and ends. */
  const hear = async (seed: number, more: { durationS?: number; status?: 'complete' | 'cut' } = {}) => {
    const { durationS = 30, status = 'complete' } = more;
    const startedAt = START - 7_200_000 + seed * 600_000;
    const play: Play = unknownOf(ids.stationId, {
      ...{ startedAt, endedAt: startedAt + durationS * 1_000, status },
      ...(status === 'cut' ? { cutReason: 'stall' } : {}),
      evidence: { sessionId: `s${seed}`, heard: [{ fromS: 0, toS: durationS }] },
    } as Partial<Play>);
    await store.write([play]);
    const ring = new PcmRing(90);
    ring.push(0, tune(seed, durationS));
    unknown.revised(play, ring);
    return play;
  };
  const kill = () => {
    killed = true;
  };
  return { clock, store, unknown, outside, hear, stop, kill };
}

const row = ({ id }: Play): Promise<Record<string, unknown>> =>
  db
    .knex('unknown_plays')
    .where('play_id', id)
    .first('acoustid', 'audd', 'retries', 'retry_at')
    .then((found) => found ?? {});
const files = () => readdirSync(join(folder, 'unknown'));
const putOff = (play: Play, times = 1) =>
  eventually(
    60_000,
    async () => Number((await row(play)).retries) >= times,
    () => `put off ${times} times`,
  );
const answered = (count: number) =>
  eventually(
    120_000,
    () => answers.length >= count,
    () => answers.join(),
  );

/** What the metrics say of everything so far, by label. */
async function counts() {
  const exposition = await scrape();
  const of = (name: string, ...labels: string[]) =>
    Object.fromEntries(
      exposition
        .samples(name)
        .map(({ labels: all, value }) => [labels.map((label) => all[label]).join(' '), value] as const),
    );
  return {
    requests: of('sodav_external_api_requests_total', 'api', 'status'),
    detections: of('sodav_detections_total', 'detection_method', 'status'),
    lost: of('sodav_unknown_plays_lost_total', 'reason'),
  };
}

/** What the metrics say of this test, without zeros. */
async function since() {
  const now = await counts();
  const less = (after: Record<string, number>, before: Record<string, number>) =>
    Object.fromEntries(
      Object.entries(after)
        .map(([key, value]) => [key, value - (before[key] ?? 0)] as const)
        .filter(([, value]) => value !== 0),
    );
  return {
    requests: less(now.requests, counted.requests),
    detections: less(now.detections, counted.detections),
    lost: less(now.lost, counted.lost),
  };
}

describe('a service that is away', () => {
  test('is asked again when it is back: the play gets its name, once, and AudD is not paid twice', async () => {
    acoustid.willAnswer(named);
    await acoustid.close();
    const { hear, store } = await run();
    const play = await hear(1);
    await putOff(play, 2);
    expect(await row(play)).toMatchObject({ acoustid: 'failure', audd: 'no_match' });
    expect(files()).toEqual([`${play.id}.pcm`]);
    await acoustid.listen();
    await answered(1);
    await eventually(10_000, async () => (await row(play)).acoustid === 'success');
    expect(answers).toEqual([`${play.id} acoustid`]);
    expect(await store.get(play.id)).toMatchObject({ kind: 'track', method: 'acoustid', revision: 2 });
    expect([acoustid.seen.length, audd.seen.length, files()]).toEqual([1, 1, []]);
    const { requests, detections, lost } = await since();
    const unreachable = requests['acoustid unreachable']!;
    expect(unreachable).toBeGreaterThanOrEqual(2);
    expect(requests).toEqual({
      'acoustid unreachable': unreachable,
      'acoustid success': 1,
      'audd no_match': 1,
    });
    expect(detections).toEqual({
      'acoustid failure': unreachable,
      'acoustid success': 1,
      'audd no_match': 1,
    });
    expect(lost).toEqual({});
  });

  test('for too long is asked six times with growing pauses; the play is lost then, which is counted', async () => {
    const script = [
      { kind: 'status', status: 503 },
      { kind: 'hang' },
      { kind: 'status', status: 429 },
    ] as const;
    acoustid.willAnswer(...script, ...script);
    const { hear } = await run({ rate: 6_000, auddToken: undefined });
    const play = await hear(2);
    await answered(1);
    expect(answers).toEqual([`${play.id} given up`]);
    const pauses = acoustid.seen.slice(1).map(({ at }, i) => ((at - acoustid.seen[i]!.at) * 6_000) / MINUTE);
    expect(pauses).toHaveLength(5);
    for (const [i, least] of [5, 30, 120, 360, 1_440].entries())
      expect(pauses[i]).toBeGreaterThanOrEqual(least);
    expect([files(), (await row(play)).retries]).toEqual([[], 5]);
    // Nobody comes back to it.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(acoustid.seen).toHaveLength(6);
    expect(await since()).toEqual({
      requests: { 'acoustid server_error': 2, 'acoustid timeout': 2, 'acoustid rate_limited': 2 },
      detections: { 'acoustid failure': 2, 'acoustid timeout': 2, 'acoustid rate_limited': 2 },
      lost: { no_answer: 1 },
    });
  });

  test('costs what the disk has no room for: the oldest, counted; the others are named', async () => {
    await acoustid.close();
    const { hear } = await run({ maxBytes: 1_000_000, auddToken: undefined });
    const plays = [await hear(3), await hear(4)];
    for (const play of plays) await putOff(play);
    plays.push(await hear(5));
    await putOff(plays[2]!);
    expect(files()).toEqual(plays.slice(1).map(({ id }) => `${id}.pcm`));
    acoustid.willAnswer(named, named);
    await acoustid.listen();
    await answered(2);
    expect(answers.sort()).toEqual(plays.slice(1).map(({ id }) => `${id} acoustid`));
    await eventually(10_000, () => files().length === 0);
    expect(acoustid.seen).toHaveLength(2);
    const { requests, lost } = await since();
    expect([requests['acoustid success'], lost]).toEqual([2, { disk_full: 1 }]);
  });

  test('while the bounds of the play are corrected: asked about its new extent, at its time', async () => {
    acoustid.willAnswer({ kind: 'status', status: 503 }, { kind: 'reset' });
    const { hear, unknown, store } = await run({ rate: SLOWER });
    const play = await hear(6, { durationS: 40 });
    await putOff(play, 2);
    const startedAt = play.startedAt + 5_000;
    const corrected = {
      ...play,
      revision: 2,
      startedAt,
      evidence: { ...play.evidence, heard: [{ fromS: 5, toS: 40 }] },
    };
    await store.write([corrected]);
    unknown.revised(corrected, undefined);
    await answered(1);
    expect(answers).toEqual([`${play.id} unknown`]);
    expect(acoustid.seen.map(({ duration }) => duration)).toEqual([40, 40, 35]);
    const [first, second, third] = acoustid.seen.map(({ fingerprint }) => fingerprint);
    expect([second === first, third === first]).toEqual([true, false]);
    expect((acoustid.seen[2]!.at - acoustid.seen[1]!.at) * SLOWER).toBeGreaterThanOrEqual(30 * MINUTE);
    expect(audd.seen).toHaveLength(1);
  });
});

describe('a run that ends', () => {
  for (const how of ['stop', 'kill'] as const) {
    test(`by ${how}: what was put off is asked about by the next one, at its time`, async () => {
      acoustid.willAnswer({ kind: 'hang' }, { kind: 'reset' }, named);
      const first = await run({ rate: SLOWER });
      const play = await first.hear(7);
      await putOff(play, 2);
      const [until, audio] = [(await row(play)).retry_at as Date, files()];
      await first[how]();
      expect([audio, acoustid.seen.length, audd.seen.length]).toEqual([[`${play.id}.pcm`], 2, 1]);
      // The next one begins before that time, and has to wait for it.
      const { clock } = await run({ startMs: until.getTime() - 20 * MINUTE });
      await answered(1);
      expect(clock.now()).toBeGreaterThanOrEqual(until.getTime());
      await eventually(10_000, async () => (await row(play)).acoustid === 'success');
      expect(answers).toEqual([`${play.id} acoustid`]);
      expect([acoustid.seen.length, audd.seen.length, files()]).toEqual([3, 1, []]);
    });
  }

  test('by kill, in the middle of a request: it is asked about by the next one', async () => {
    acoustid.willAnswer({ kind: 'hang' });
    const first = await run({ auddToken: undefined });
    const play = await first.hear(8);
    await eventually(60_000, () => acoustid.seen.length === 1);
    first.kill();
    expect(await row(play)).toMatchObject({ acoustid: null, retries: 0 });
    acoustid.willAnswer(named);
    await run({ auddToken: undefined });
    await answered(1);
    expect(answers).toEqual([`${play.id} acoustid`]);
    expect(acoustid.seen).toHaveLength(2);
  });

  test('by kill, once a play was named: nobody is asked about it, and its audio goes', async () => {
    const first = await run();
    first.kill();
    const play = await first.hear(9);
    await eventually(10_000, () => files().length === 1);
    await eventually(10_000, async () => (await row(play)).retries === 0);
    await first.store.identified(play.id, ids.trackId, 'acoustid', 0.9);
    await run();
    await eventually(10_000, () => files().length === 0);
    expect([answers, acoustid.seen.length, (await since()).lost]).toEqual([[], 0, {}]);
  });
});

test('a spent budget: asked about when the next day begins (UTC), and paid once', async () => {
  const midnight = Date.UTC(2026, 10, 25);
  const startMs = midnight - 60 * MINUTE;
  const { hear, clock } = await run({ startMs, rate: SLOWER, acoustidKey: undefined, dailyBudget: 1 });
  const first = await hear(10);
  await answered(1);
  const second = await hear(11);
  await putOff(second);
  expect((await row(second)).retry_at).toEqual(new Date(midnight));
  expect(audd.seen).toHaveLength(1);
  await answered(2);
  expect(clock.now()).toBeGreaterThanOrEqual(midnight);
  expect(answers).toEqual([first, second].map(({ id }) => `${id} unknown`));
  expect(audd.seen).toHaveLength(2);
  expect((await db.knex('api_budget').orderBy('day')).map(({ spent }) => spent)).toEqual([1, 1]);
  expect(await since()).toEqual({
    requests: { 'audd no_match': 2 },
    detections: { 'audd no_match': 2, 'audd skipped': 1 },
    lost: {},
  });
});

test('a full stage: what found no room is asked about as soon as there is some, each play once', async () => {
  const { hear } = await run({ limit: 1 });
  const plays = [];
  for (let seed = 20; seed < 25; seed++) plays.push(await hear(seed, { durationS: 20 }));
  await answered(5);
  expect(answers.sort()).toEqual(plays.map(({ id }) => `${id} unknown`).sort());
  await eventually(10_000, () => files().length === 0);
  expect([acoustid.seen.length, audd.seen.length]).toEqual([5, 5]);
  expect(await since()).toMatchObject({
    requests: { 'acoustid no_match': 5, 'audd no_match': 5 },
    lost: {},
  });
});

test('nobody to ask: the audio is let go', async () => {
  const { hear } = await run({ acoustidKey: undefined, dailyBudget: 0 });
  const play = await hear(30);
  await eventually(60_000, async () => (await row(play)).retries === 0 && files().length === 0);
  expect([answers, audd.seen.length, await since()]).toEqual([
    [],
    0,
    { requests: {}, detections: {}, lost: {} },
  ]);
});
