import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AuddServer, startAuddServer } from '../../../test/support/audd-server';
import { freshDatabase } from '../../../test/support/database';
import { RecordedMetrics } from '../../../test/support/recorded-metrics';
import { SAMPLE_RATE } from '../../audio';
import type { Clock } from '../../clock';
import { systemClock } from '../../clock';
import { DailyBudget } from '../budget';
import { AuddClient, type AuddOptions } from './client';

const clip = Int16Array.from({ length: 12 * SAMPLE_RATE }, (_, i) => Math.round(9000 * Math.sin(i / 5)));

const song = (over: Record<string, unknown> = {}) => ({
  artist: 'Imagine Dragons',
  title: 'Warriors',
  album: 'Warriors',
  release_date: '2014-09-18',
  label: 'Universal Music',
  timecode: '00:40',
  song_link: 'https://lis.tn/Warriors',
  ...over,
});

let database: Awaited<ReturnType<typeof freshDatabase>>;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

let server: AuddServer;
let metrics: RecordedMetrics;
beforeEach(async () => {
  server = await startAuddServer();
  metrics = new RecordedMetrics();
  await database.knex('api_budget').delete();
});
afterEach(async () => {
  metrics.disconnect();
  await server.close();
});

const client = (options: Partial<AuddOptions> & { perDay?: number } = {}) =>
  new AuddClient({
    token: 'test-token',
    url: server.url,
    timeoutMs: 2_000,
    budget: new DailyBudget(database.knex, 'audd', options.perDay ?? 100, options.clock),
    ...options,
  });

const spent = async () => Number((await database.knex('api_budget').sum('spent as n').first())?.n ?? 0);

describe('what AudD names', () => {
  test('a match becomes an identification without any confidence', async () => {
    server.willAnswer({
      kind: 'match',
      result: song({
        apple_music: { isrc: 'USUM71414163' },
        spotify: { external_ids: { isrc: 'usum7-14-14163' } },
        deezer: { isrc: 'GBAAA0000001' },
      }),
    });
    const outcome = await client().recognize(clip);
    expect(outcome).toMatchObject({ method: 'audd', status: 'success' });
    expect(outcome.identification).toEqual({
      title: 'Warriors',
      artists: ['Imagine Dragons'],
      album: 'Warriors',
      label: 'Universal Music',
      isrc: 'USUM71414163',
      externalId: 'https://lis.tn/Warriors',
      timecodeS: 40,
    });
    expect(server.violations).toEqual([]);
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({ token: 'test-token', seconds: 12, sampleRate: SAMPLE_RATE });
    expect(server.seen[0]!.blocks).toEqual(['apple_music', 'spotify', 'musicbrainz', 'deezer']);
    expect(server.seen[0]!.wav.subarray(44)).toEqual(Buffer.from(clip.buffer));
    expect(metrics.statuses()).toEqual(['success']);
    expect(await spent()).toBe(1);
  });

  test('ISRCs that contradict each other evenly, or are none, are left out; odd blocks do not hurt', async () => {
    server.willAnswer(
      {
        kind: 'match',
        result: song({ apple_music: { isrc: 'USUM71414163' }, deezer: { isrc: 'GBAAA0000001' } }),
      },
      { kind: 'match', result: song({ apple_music: { isrc: 'no isrc' }, spotify: 7, musicbrainz: 'x' }) },
      {
        kind: 'match',
        result: song({ musicbrainz: [{ id: 'm', isrcs: ['GBAAA0000001'] }], timecode: '1:02:03' }),
      },
    );
    const asked = client();
    expect((await asked.recognize(clip)).identification?.isrc).toBeUndefined();
    expect((await asked.recognize(clip)).identification?.isrc).toBeUndefined();
    expect((await asked.recognize(clip)).identification).toMatchObject({
      isrc: 'GBAAA0000001',
      timecodeS: 3723,
    });
  });

  test('result null is no match', async () => {
    expect((await client().recognize(clip)).status).toBe('no_match');
    expect(metrics.statuses()).toEqual(['no_match']);
  });
});

describe('what goes wrong', () => {
  test.each([900, 901, 903, 19, 31337])('error %i: refused, nobody asks again', async (code) => {
    server.willAnswer({ kind: 'error', code });
    const asked = client();
    expect((await asked.recognize(clip)).status).toBe('failure');
    expect((await asked.recognize(clip)).status).toBe('skipped');
    expect(server.seen).toHaveLength(1);
    expect(metrics.statuses()).toEqual(['unauthorized']);
  });

  test('error 902 stops the stage until the next day, UTC', async () => {
    let now = Date.parse('2026-11-24T23:50:00Z');
    const clock: Clock = { ...systemClock, now: () => now };
    server.willAnswer({ kind: 'error', code: 902 });
    const asked = client({ clock });
    const notBefore = Date.parse('2026-11-25T00:00:00Z');
    expect(await asked.recognize(clip)).toMatchObject({ status: 'rate_limited', notBefore });
    now += 9 * 60_000;
    expect(await asked.recognize(clip)).toMatchObject({ status: 'skipped', notBefore });
    now += 2 * 60_000;
    expect((await asked.recognize(clip)).status).toBe('no_match');
    expect(metrics.statuses()).toEqual(['quota', 'no_match']);
    expect(server.seen).toHaveLength(2);
  });

  test.each([300, 400, 500])('error %i blames the audio and is final', async (code) => {
    server.willAnswer({ kind: 'error', code });
    expect((await client().recognize(clip)).status).toBe('failure');
    expect(metrics.statuses()).toEqual(['client_error']);
  });

  test.each([100, 1000])('error %i is the server’s and is tried again', async (code) => {
    server.willAnswer({ kind: 'error', code });
    expect((await client().recognize(clip)).status).toBe('no_match');
    expect(metrics.statuses()).toEqual(['server_error', 'no_match']);
    expect(await spent()).toBe(2);
  });

  test('timeout, 429, 5xx, malformed JSON, reset and a closed port', async () => {
    const once = client({ attempts: 1, timeoutMs: 300 });
    server.willAnswer(
      { kind: 'hang' },
      { kind: 'status', status: 429, retryAfter: '1' },
      { kind: 'status', status: 502 },
      { kind: 'malformed' },
      { kind: 'reset' },
    );
    const statuses: string[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await once.recognize(clip)).status);
    expect(server.seen).toHaveLength(5);
    await server.close();
    statuses.push((await client({ attempts: 1 }).recognize(clip)).status);
    expect(statuses).toEqual(['timeout', 'rate_limited', 'failure', 'failure', 'failure', 'failure']);
    expect(metrics.statuses()).toEqual([
      'timeout',
      'rate_limited',
      'server_error',
      'invalid_answer',
      'unreachable',
      'unreachable',
    ]);
  });

  test('a wrong token is never shown', async () => {
    const outcome = await client({ token: 'secret-token' }).recognize(clip);
    expect(outcome.status).toBe('failure');
    expect(outcome.detail).not.toContain('secret-token');
  });

  test('a clip that AudD would refuse is a bug of the caller', async () => {
    await expect(client().recognize(new Int16Array(26 * SAMPLE_RATE))).rejects.toThrow(RangeError);
    await expect(client().recognize(new Int16Array(0))).rejects.toThrow(RangeError);
    expect(server.seen).toHaveLength(0);
  });
});

describe('the daily budget', () => {
  test('once it is spent nothing is sent, retries count, and the next day begins anew', async () => {
    let now = Date.parse('2026-11-24T10:00:00Z');
    const clock: Clock = { ...systemClock, now: () => now };
    server.willAnswer({ kind: 'status', status: 500 });
    const asked = client({ perDay: 3, clock });
    expect((await asked.recognize(clip)).status).toBe('no_match'); // two requests
    expect((await asked.recognize(clip)).status).toBe('no_match');
    const notBefore = Date.parse('2026-11-25T00:00:00Z');
    expect(await asked.recognize(clip)).toMatchObject({ status: 'skipped', notBefore });
    expect(server.seen).toHaveLength(3);
    now += 86_400_000;
    expect((await asked.recognize(clip)).status).toBe('no_match');
    expect(server.seen).toHaveLength(4);
    expect(metrics.calls).toHaveLength(4);
  });

  test('is shared, survives a restart, and is exact under concurrency', async () => {
    const budgets = Array.from({ length: 4 }, () => new DailyBudget(database.knex, 'audd', 10));
    const taken = await Promise.all(Array.from({ length: 30 }, (_, i) => budgets[i % 4]!.take()));
    expect(taken.filter(Boolean)).toHaveLength(10);
    expect(await new DailyBudget(database.knex, 'audd', 10).remaining()).toBe(0);
    expect(await new DailyBudget(database.knex, 'audd', 12).remaining()).toBe(2);
    expect(await new DailyBudget(database.knex, 'other', 10).remaining()).toBe(10);
    expect(await new DailyBudget(database.knex, 'audd', 0).take()).toBe(false);
  });

  test('that cannot be read is not spent from', async () => {
    const broken = { raw: () => Promise.reject(new Error('connection refused')) };
    const outcome = await client({ budget: new DailyBudget(broken, 'audd', 10) }).recognize(clip);
    expect(outcome).toMatchObject({ status: 'skipped', notBefore: expect.any(Number) });
    expect(server.seen).toHaveLength(0);
    expect(metrics.calls).toHaveLength(0);
  });
});

test('without a token the stage is off', async () => {
  const off = client({ token: undefined });
  expect(off.enabled).toBe(false);
  expect((await off.recognize(clip)).status).toBe('skipped');
  expect(server.seen).toHaveLength(0);
});
