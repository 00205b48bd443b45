import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Exposition } from '../../test/support/telemetry';
import { shutdownTelemetry, startTelemetry } from '../telemetry';
import { metricsEndpoint } from './endpoint';

const folder = mkdtempSync(join(tmpdir(), 'metrics-token-'));
const tokenFile = join(folder, 'token');
const servers: Server[] = [];

async function serve(options: Parameters<typeof metricsEndpoint>[0]): Promise<string> {
  const app = new Koa();
  app.use(metricsEndpoint(options));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/metrics`;
}

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

describe('GET /api/metrics', () => {
  test('is Prometheus text 0.0.4', async () => {
    const answer = await fetch(await serve({}));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(new Exposition(await answer.text()).families.size).toBeGreaterThan(30);
  });
});

describe('with a token', () => {
  let url: string;
  beforeAll(async () => {
    writeFileSync(tokenFile, 'right-token\n');
    url = await serve({ tokenFile });
  });
  const status = async (authorization?: string) =>
    (await fetch(url, authorization === undefined ? {} : { headers: { authorization } })).status;

  test('the right one opens, others are refused clearly', async () => {
    expect(await status('Bearer right-token')).toBe(200);
    expect(await status('bearer right-token')).toBe(200);
    for (const wrong of [
      undefined,
      'Bearer wrong',
      'Bearer right-token2',
      'right-token',
      'Basic cmlnaHQ=',
      'Bearer ',
    ]) {
      expect(await status(wrong), wrong).toBe(401);
    }
    const answer = await fetch(url);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.text()).toBe('Jeton manquant ou faux.\nMissing or wrong token.\n');
  });

  test('a replaced token counts from the next request on', async () => {
    writeFileSync(tokenFile, 'new-token');
    expect(await status('Bearer right-token')).toBe(401);
    expect(await status('Bearer new-token')).toBe(200);
  });

  test('an empty or missing file opens to nobody', async () => {
    writeFileSync(tokenFile, '  \n');
    expect(await status('Bearer ')).toBe(503);
    rmSync(tokenFile);
    expect(await status('Bearer new-token')).toBe(503);
  });
});

test('a telemetry that is stopped is not served as if it were well', async () => {
  const url = await serve({});
  await shutdownTelemetry();
  try {
    const answer = await fetch(url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toMatch(/n'ont pas pu être lues/);
  } finally {
    startTelemetry();
  }
});
