/** A Koa service of every difficult kind, started through the bootstrap by http-truth.test.ts. Prints its port. */
import { Router } from '@koa/router';
import knex from 'knex';
import Koa, { type Context, type Next } from 'koa';
import { pino } from 'pino';
import { observeQueries } from '../../otel/db/observe-queries';
import { routeLabels } from '../../otel/http/route-labels';
import { trackHttpRequest } from '../../otel/metrics/decorators';
import { metricsEndpoint } from '../../otel/metrics/endpoint';
import { shutdownTelemetry } from '../../otel/telemetry';

const log = pino();
const app = new Koa();
app.silent = true;

const shared = (ctx: Context) => {
  ctx.body = 'shared';
};
const guard = (ctx: Context, next: Next) => {
  if (ctx.get('x-key') !== 'right') ctx.throw(401);
  return next();
};

const router = new Router();
// Both places must be right: one middleware of the app, or the first layer of each router.
const inRouters = process.env.LABELS === 'router';
if (inRouters) router.use(routeLabels(router));
router.get('/ok/:id', (ctx) => {
  log.info('answering');
  ctx.body = ctx.params.id;
});
router.post('/made', (ctx) => {
  ctx.status = 201;
});
router.put('/bad', (ctx) => ctx.throw(400));
router.get('/broken', () => {
  throw new Error('broken');
});
// One handler function for two routes.
router.get('/shared/one', shared);
router.get('/shared/two/:id', shared);
router.get('/slow/:ms', async (ctx) => {
  await new Promise((resolve) => setTimeout(resolve, Number(ctx.params.ms)));
  ctx.body = 'slow';
});
// Both match /either/plain; the first one passes on.
router.get('/either/:which', (_ctx, next) => next());
router.get('/either/plain', (ctx) => {
  ctx.body = 'second';
});
router.get('/api/metrics', metricsEndpoint({ tokenFile: process.env.TOKEN_FILE }));
router.get('/health/live', shared);

const database = process.env.DATABASE_URL && knex({ client: 'pg', connection: process.env.DATABASE_URL });
if (database) {
  observeQueries(database);
  router.get('/database', async (ctx) => {
    ctx.body = await database('tracks').count();
  });
}
router.get('/calls/:port', async (ctx) => {
  const answer = await fetch(`http://127.0.0.1:${ctx.params.port}/called`);
  ctx.body = await answer.text();
});

const inner = new Router({ prefix: '/items' });
inner.get('/:id', shared);
router.use('/nested', inner.routes());

const guarded = new Router({ prefix: '/guarded' });
if (inRouters) guarded.use(routeLabels(guarded));
guarded.use(guard);
guarded.get('/shared/:id', shared);
guarded.get('/own', (ctx) => {
  ctx.body = 'own';
});

const outside = trackHttpRequest({ endpoint: '/outside' })((ctx: Context) => {
  ctx.body = 'outside';
});
if (!inRouters) app.use(routeLabels(router, guarded));
app.use((ctx, next) => (ctx.path === '/outside' ? outside(ctx) : next()));
app.use(router.routes());
app.use(router.allowedMethods());
app.use(guarded.routes());
app.use(guarded.allowedMethods());
// A route that is added when the router is in use already.
router.get('/late/:id', shared);

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`port ${typeof address === 'object' && address ? address.port : ''}`);
});

process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
  void (async () => {
    if (database) await database.destroy();
    await shutdownTelemetry();
  })();
});
