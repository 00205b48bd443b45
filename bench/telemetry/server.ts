/** One of the compared services: `node [--require …] server.js <bare|prom-client|sodav|stock>`. Prints its port. */
import { Router } from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import { Counter, Histogram } from 'prom-client';
import { routeLabels } from '../../otel/http/route-labels';

const variant = process.argv[2];
const app = new Koa();
const router = new Router();

/** What prom-client's users usually write. */
function promClient(): (ctx: Context, next: Next) => Promise<void> {
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests',
    labelNames: ['method', 'endpoint', 'status'],
  });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Latency',
    labelNames: ['method', 'endpoint'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  return async (ctx, next) => {
    const started = process.hrtime.bigint();
    try {
      await next();
    } finally {
      const endpoint = String(ctx._matchedRoute ?? 'unmatched');
      const { method, status } = ctx;
      requests.inc({ method, endpoint, status });
      duration.observe({ method, endpoint }, Number(process.hrtime.bigint() - started) / 1e9);
    }
  };
}

if (variant === 'prom-client') app.use(promClient());
if (variant === 'sodav') app.use(routeLabels(router));
router.get('/tracks/:id', (ctx) => {
  ctx.body = { id: ctx.params.id, title: 'Birima' };
});
router.get('/stations', (ctx) => {
  ctx.body = [];
});
app.use(router.routes());
app.use(router.allowedMethods());

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`port ${typeof address === 'object' && address ? address.port : ''}`);
});

/** Asked for its heap, it collects garbage first: what is left is kept for good. */
process.on('message', () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
process.on('disconnect', () => process.exit(0));
