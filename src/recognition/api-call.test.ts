import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RecordedMetrics } from '../../test/support/recorded-metrics';
import { systemClock } from '../clock';
import { type ApiAnswer, answerOfStatus, callApi, jsonOf, retryAfter } from './api-call';

let server: Server | undefined;
let metrics: RecordedMetrics;
beforeEach(() => {
  metrics = new RecordedMetrics();
});
afterEach(() => {
  metrics.disconnect();
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const call = (url: string, timeoutMs = 3_000) =>
  callApi<unknown>({
    api: 'audd',
    endpoint: 'recognize',
    attempts: 1,
    timeoutMs,
    clock: systemClock,
    send: (signal) => fetch(url, { redirect: 'manual', signal }),
    read: (reply): ApiAnswer<unknown> =>
      answerOfStatus(reply, Date.now()) ?? { status: 'success', value: jsonOf(reply.body), detail: '' },
  });

describe('hostile services', () => {
  test('an endless answer is cut off', async () => {
    const url = await serve((_, response) => {
      const more = () => {
        while (response.write('x'.repeat(100_000)));
        response.once('drain', more);
      };
      more();
    });
    expect(await call(url)).toMatchObject({ status: 'invalid_answer' });
  });

  test('an answer that begins and never ends is a timeout', async () => {
    const url = await serve((_, response) => void response.write('{"a":'));
    expect(await call(url, 200)).toMatchObject({ status: 'timeout' });
    expect(metrics.statuses()).toEqual(['timeout']);
  });

  test('a redirect is not followed: our key goes nowhere else', async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url!);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await call(url)).toMatchObject({ status: 'client_error', detail: 'HTTP 302' });
    expect(asked).toEqual(['/']);
  });

  test('a name that does not exist is unreachable', async () => {
    expect(await call('http://no-such-host.invalid/')).toMatchObject({ status: 'unreachable' });
    expect(metrics.statuses()).toEqual(['unreachable']);
  });
});

test.each([
  ['5', 5_000],
  ['Tue, 24 Nov 2026 10:00:30 GMT', 30_000],
  ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
])('Retry-After: %s', (value, expected) => {
  const headers = new Headers({ 'retry-after': value });
  expect(retryAfter(headers, Date.parse('2026-11-24T10:00:00Z'))).toBe(expected);
});
