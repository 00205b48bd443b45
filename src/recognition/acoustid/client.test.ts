import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AcoustIdServer, startAcoustIdServer } from '../../../test/support/acoustid-server';
import { RecordedMetrics } from '../../../test/support/recorded-metrics';
import { systemClock } from '../../clock';
import { RateGate } from '../rate-gate';
import { AcoustIdClient, type AcoustIdOptions } from './client';

const fingerprint = Buffer.from([1, 0, 0, 20, 7, 8, 9, 10, 11]).toString('base64url');
const play = { durationS: 214.6, fingerprint };

const recording = (over: Record<string, unknown> = {}) => ({
  id: 'cd2e7c47-16f5-46c6-a37c-a1eb7bf599ff',
  title: 'Lotus Flower',
  duration: 215,
  artists: [{ id: 'a74b1b7f', name: 'Radiohead' }],
  releasegroups: [
    { id: '1', title: 'Best of 2011', type: 'Album', secondarytypes: ['Compilation'] },
    { id: '2', title: 'The King of Limbs', type: 'Album' },
  ],
  sources: 12,
  ...over,
});

let server: AcoustIdServer;
let metrics: RecordedMetrics;
beforeEach(async () => {
  server = await startAcoustIdServer();
  metrics = new RecordedMetrics();
});
afterEach(async () => {
  metrics.disconnect();
  await server.close();
});

const client = (options: Partial<AcoustIdOptions> = {}) =>
  new AcoustIdClient({ key: 'test-key', url: server.url, timeoutMs: 2_000, ...options });

describe('what AcoustID names', () => {
  test('a match becomes an identification with the score as its confidence', async () => {
    server.willAnswer({ kind: 'match', results: [{ score: 0.93, recordings: [recording()] }] });
    const outcome = await client().lookup(play);
    expect(outcome).toMatchObject({ method: 'acoustid', status: 'success' });
    expect(outcome.identification).toEqual({
      title: 'Lotus Flower',
      artists: ['Radiohead'],
      album: 'The King of Limbs',
      confidence: 0.93,
      externalId: 'cd2e7c47-16f5-46c6-a37c-a1eb7bf599ff',
    });
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]).toMatchObject({ key: 'test-key', duration: 215, fingerprint, gzip: true });
    expect(server.seen[0]!.meta).toEqual(expect.arrayContaining(['recordings', 'releasegroups', 'compress']));
    expect(server.violations).toEqual([]);
    expect(metrics.statuses()).toEqual(['success']);
  });

  test('of several recordings: the best score, then the fitting duration, then the most submitted', async () => {
    server.willAnswer({
      kind: 'match',
      results: [
        { score: 0.85, recordings: [recording({ id: 'worse' })] },
        {
          score: 0.95,
          recordings: [
            recording({ id: 'longer', duration: 400, sources: 900 }),
            recording({ id: 'unnamed', title: undefined }),
            recording({ id: 'rare', sources: 1 }),
            recording({ id: 'right', sources: 30 }),
          ],
        },
      ],
    });
    expect((await client().lookup(play)).identification).toMatchObject({
      externalId: 'right',
      confidence: 0.95,
    });
  });

  test('a low score names nothing for certain', async () => {
    server.willAnswer({ kind: 'match', results: [{ score: 0.41, recordings: [recording()] }] });
    const outcome = await client().lookup(play);
    expect(outcome.status).toBe('low_confidence');
    expect(outcome.identification?.confidence).toBe(0.41);
    expect(metrics.statuses()).toEqual(['success']);
  });

  test('no result, and a result that MusicBrainz has no name for, are no match', async () => {
    server.willAnswer({ kind: 'no_match' }, { kind: 'match', results: [{ score: 0.99 }] });
    for (let i = 0; i < 2; i++) {
      const outcome = await client().lookup(play);
      expect(outcome.status).toBe('no_match');
      expect(outcome.identification).toBeUndefined();
    }
    expect(metrics.statuses()).toEqual(['no_match', 'success']);
  });
});

describe('what goes wrong', () => {
  test('a service that does not answer is a timeout, tried as often as allowed', async () => {
    server.willAnswer({ kind: 'hang' }, { kind: 'hang' });
    const outcome = await client({ timeoutMs: 150, attempts: 2 }).lookup(play);
    expect(outcome.status).toBe('timeout');
    expect(metrics.statuses()).toEqual(['timeout', 'timeout']);
    expect(server.seen).toHaveLength(2);
  });

  test('429 is obeyed: nothing is sent before Retry-After is over', async () => {
    server.willAnswer({ kind: 'status', status: 429, retryAfter: '1' });
    const outcome = await client().lookup(play);
    expect(outcome.status).toBe('no_match');
    expect(metrics.statuses()).toEqual(['rate_limited', 'no_match']);
    expect(server.seen[1]!.at - server.seen[0]!.at).toBeGreaterThanOrEqual(990);
  });

  test('429 with a pause that is too long ends the attempt', async () => {
    server.willAnswer({ kind: 'status', status: 429, retryAfter: '3600' });
    // A gate of its own: the pause must not hold the other tests.
    const outcome = await client({ gate: new RateGate(350, systemClock) }).lookup(play);
    expect(outcome.status).toBe('rate_limited');
    expect(server.seen).toHaveLength(1);
  });

  test('5xx is tried again and may go well', async () => {
    server.willAnswer(
      { kind: 'status', status: 503 },
      { kind: 'error', code: 5, message: 'internal error', status: 500 },
    );
    expect((await client().lookup(play)).status).toBe('no_match');
    expect(metrics.statuses()).toEqual(['server_error', 'server_error', 'no_match']);
  });

  test('a reset connection is tried again; a closed port ends as a failure', async () => {
    server.willAnswer({ kind: 'reset' });
    expect((await client().lookup(play)).status).toBe('no_match');
    const { url } = server;
    await server.close();
    const outcome = await client({ url, attempts: 2 }).lookup(play);
    expect(outcome).toMatchObject({ status: 'failure', detail: 'ECONNREFUSED' });
    expect(metrics.statuses()).toEqual(['unreachable', 'no_match', 'unreachable', 'unreachable']);
  });

  test('malformed JSON and answers of another shape are failures, not tried again', async () => {
    server.willAnswer({ kind: 'malformed' }, { kind: 'match', results: [{ score: 7 }] });
    expect((await client().lookup(play)).status).toBe('failure');
    expect((await client().lookup(play)).status).toBe('failure');
    expect(metrics.statuses()).toEqual(['invalid_answer', 'invalid_answer']);
  });

  test('4xx is final', async () => {
    server.willAnswer(
      { kind: 'error', code: 3, message: 'invalid fingerprint' },
      { kind: 'status', status: 404 },
    );
    expect((await client().lookup(play)).status).toBe('failure');
    expect((await client().lookup(play)).status).toBe('failure');
    expect(metrics.statuses()).toEqual(['client_error', 'client_error']);
  });

  test('a refused key stops the stage for a while and is never shown', async () => {
    const refused = client({ key: 'secret-key' });
    const outcome = await refused.lookup(play);
    expect(outcome.status).toBe('failure');
    expect(outcome.detail).not.toContain('secret-key');
    const { status, notBefore } = await refused.lookup(play);
    expect([status, notBefore]).toEqual(['skipped', outcome.notBefore]);
    expect(notBefore! - Date.now()).toBeGreaterThan(3_000_000);
    expect(server.seen).toHaveLength(1);
    expect(metrics.statuses()).toEqual(['unauthorized']);
  });
});

test('without a key the stage is off', async () => {
  const off = client({ key: undefined });
  expect(off.enabled).toBe(false);
  expect((await off.lookup(play)).status).toBe('skipped');
  expect(server.seen).toHaveLength(0);
});

test('however many ask at once, the service sees at most three a second', async () => {
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => client().lookup(play)));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill('no_match'));
  expect(server.seen).toHaveLength(8);
  expect(server.tooFast).toBe(0);
});

test('an abort ends a waiting look-up', async () => {
  server.willAnswer({ kind: 'hang' });
  const abort = new AbortController();
  const looking = client().lookup(play, abort.signal);
  while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  abort.abort(new Error('stopping'));
  await expect(looking).rejects.toThrow('stopping');
  expect(metrics.statuses()).toEqual(['timeout']);
});
