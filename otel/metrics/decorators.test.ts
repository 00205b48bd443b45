import { describe, expect, test } from 'vitest';
import { type Exposition, scrape } from '../../test/support/telemetry';
import { trackDbQuery, trackDetection, trackExternalApi } from './decorators';

type Outcome = { status: 'success' | 'no_match'; identification?: { confidence?: number } };

class Recognizer {
  constructor(private readonly answer: () => Outcome | Promise<Outcome>) {}

  @trackDetection({ method: 'acoustid' })
  async recognise(_clip: string): Promise<Outcome> {
    return this.answer();
  }

  @trackDbQuery({ operation: 'other', table: 'none' })
  listen(): number {
    return 7;
  }
}

async function difference(
  run: () => unknown,
): Promise<(name: string, labels: Record<string, string>) => number> {
  const before: Exposition = await scrape();
  await run();
  const after = await scrape();
  return (name, labels) => after.sum(name, labels) - before.sum(name, labels);
}

const method = { detection_method: 'acoustid' };

describe('@trackDetection', () => {
  test('a success with a confidence', async () => {
    const recognizer = new Recognizer(() => ({ status: 'success', identification: { confidence: 0.8 } }));
    const added = await difference(async () => {
      expect(await recognizer.recognise('clip')).toMatchObject({ status: 'success' });
    });
    expect(added('sodav_detections_total', { ...method, status: 'success' })).toBe(1);
    expect(added('sodav_detections_total', {})).toBe(1);
    expect(added('sodav_detection_duration_seconds_count', method)).toBe(1);
    expect(added('sodav_detection_confidence_count', method)).toBe(1);
    expect(added('sodav_detection_confidence_sum', method)).toBeCloseTo(0.8);
  });

  test('no confidence is invented', async () => {
    const added = await difference(async () => {
      await new Recognizer(() => ({ status: 'success', identification: {} })).recognise('clip');
      await new Recognizer(() => ({ status: 'no_match' })).recognise('clip');
    });
    expect(added('sodav_detection_confidence_count', {})).toBe(0);
    expect(added('sodav_detections_total', { ...method, status: 'no_match' })).toBe(1);
  });

  test('what is thrown counts as failure and is thrown on', async () => {
    const added = await difference(() =>
      expect(
        new Recognizer(() => {
          throw new Error('crash');
        }).recognise('clip'),
      ).rejects.toThrow('crash'),
    );
    expect(added('sodav_detections_total', { ...method, status: 'failure' })).toBe(1);
  });

  test('the same as a function', async () => {
    const recognise = trackDetection({ method: 'audd' })(async (_clip: string): Promise<Outcome> => {
      return { status: 'no_match' };
    });
    const added = await difference(() => recognise('clip'));
    expect(added('sodav_detections_total', { detection_method: 'audd', status: 'no_match' })).toBe(1);
  });
});

test('@trackDbQuery on a synchronous method', async () => {
  const recognizer = new Recognizer(() => ({ status: 'no_match' }));
  const added = await difference(() => expect(recognizer.listen()).toBe(7));
  expect(added('sodav_db_query_duration_seconds_count', { operation: 'other', table: 'none' })).toBe(1);
});

test('trackExternalApi: one request, one status, one duration', async () => {
  const ask = trackExternalApi<Promise<number>>({
    api: 'audd',
    endpoint: 'recognize',
    status: (end) => ('error' in end ? 'unreachable' : end.result === 429 ? 'rate_limited' : 'success'),
  })(async (answer: number) => {
    if (answer === 0) throw new Error('refused');
    return answer;
  });
  const added = await difference(async () => {
    await ask(200);
    await ask(429);
    await expect(ask(0)).rejects.toThrow('refused');
  });
  const name = 'sodav_external_api_requests_total';
  expect(added(name, { api: 'audd', endpoint: 'recognize', status: 'success' })).toBe(1);
  expect(added(name, { api: 'audd', endpoint: 'recognize', status: 'rate_limited' })).toBe(1);
  expect(added(name, { api: 'audd', endpoint: 'recognize', status: 'unreachable' })).toBe(1);
  expect(added('sodav_external_api_duration_seconds_count', { api: 'audd' })).toBe(3);
});
