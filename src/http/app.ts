import Router from '@koa/router';
import Koa from 'koa';
import { routeLabels } from '../../otel/http/route-labels';
import { metricsEndpoint } from '../../otel/metrics/endpoint';
import type { Logger } from '../log';
import { Alerts } from './alerts';
import type { HttpDeps } from './deps';
import { definer } from './endpoint';
import { accessGuard } from './middleware/access';
import { plainAddress } from './middleware/address';
import { errors } from './middleware/errors';
import { secured, traced } from './middleware/headers';
import { alertRoutes } from './routes/alerts';
import { databaseCheck, healthRoutes } from './routes/health';
import { pageRoutes } from './routes/page';
import { playRoutes } from './routes/plays';
import { reportRoutes } from './routes/reports';
import { stationRoutes } from './routes/stations';
import { trackRoutes } from './routes/tracks';
import { Tokens } from './tokens';

/** The whole HTTP side as one Koa application; `listen` serves it. */
export function createApp(deps: HttpDeps): Koa {
  const { log } = deps;
  const app = new Koa();
  app.on('error', brokenOff(log));
  const router = new Router({ sensitive: true, strict: true });
  const tokens = new Tokens(deps.knex);
  const guard = accessGuard(deps.settings, tokens);
  const alerts = new Alerts(log, () => deps.clock.now());
  const define = definer(router, guard);

  stationRoutes(define, deps);
  playRoutes(define, deps.plays);
  trackRoutes(define, deps);
  reportRoutes(define, deps);
  alertRoutes(define, { ...deps, alerts, tokens });
  pageRoutes(define, { ...deps, alerts });
  healthRoutes(define, [databaseCheck(deps.knex), ...deps.checks]);
  // The caller's token, if one is set, is the endpoint's own matter: Prometheus sits on another machine.
  define(
    'get',
    '/api/metrics',
    { access: 'open' },
    metricsEndpoint({ tokenFile: deps.settings.metricsTokenFile }),
  );

  app.use(routeLabels(router));
  app.use(traced(log));
  app.use(secured);
  app.use(errors(log));
  app.use(plainAddress);
  app.use(router.allowedMethods());
  app.use(router.routes());
  return app;
}

/** Answers that break on the way: the reader went away, or the database did in the middle of an export. */
function brokenOff(log: Logger): (error: NodeJS.ErrnoException) => void {
  const told = new WeakSet<Error>();
  return (err) => {
    // Koa tells of one fault once per stream that it ends.
    if (told.has(err)) return;
    told.add(err);
    const reader = /^(ERR_STREAM_PREMATURE_CLOSE|ECONNRESET|EPIPE)$/.test(err.code ?? '');
    log[reader ? 'debug' : 'error']({ err }, 'réponse interrompue');
  };
}
