import { once } from 'node:events';
import { connect } from 'node:net';
import Koa from 'koa';
import { expect, test } from 'vitest';
import { AppError } from '../errors';
import { listen } from './listen';

test('a port that is taken is one clear sentence', async () => {
  const first = await listen(new Koa(), { host: '127.0.0.1', port: 0 });
  const port = Number(new URL(first.url).port);
  const error = await listen(new Koa(), { host: '127.0.0.1', port }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect(error.code).toBe('address_in_use');
  expect(error.phrase.fr).toContain(String(port));
  await first.close();
  const unknown = await listen(new Koa(), { host: '203.0.113.1', port: 0 }).catch((thrown) => thrown);
  expect(unknown.code).toBe('address_unavailable');
});

test('closing lets an answer that is under way finish, and waits for nobody who only stays connected', async () => {
  const app = new Koa();
  let release: () => void = () => undefined;
  const entered = new Promise<void>((arrived) => {
    app.use(async (ctx) => {
      arrived();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      ctx.body = 'whole';
    });
  });
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  const idle = connect(Number(new URL(listener.url).port), '127.0.0.1');
  await once(idle, 'connect');
  const answer = fetch(listener.url);
  await entered;
  const closed = listener.close();
  release();
  expect(await (await answer).text()).toBe('whole');
  const begun = performance.now();
  await closed;
  expect(performance.now() - begun).toBeLessThan(8_000);
  idle.destroy();
});
