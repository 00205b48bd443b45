import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { instruments } from '../../../otel/metrics/instruments';
import { AppError } from '../../errors';
import type { Alerts } from '../alerts';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { bearer } from '../middleware/access';
import { isOwnHost, isPrivate } from '../network';
import { sameSecret, type Tokens } from '../tokens';

const texts = z.record(z.string().max(200), z.string().max(5_000));

/** Alertmanager's webhook, version 4. What later releases add is let through unread. */
const notification = z.looseObject({
  version: z.literal('4'),
  groupKey: z.string().max(10_000),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string().max(200),
  alerts: z
    .array(
      z.looseObject({
        status: z.enum(['firing', 'resolved']),
        labels: texts,
        annotations: texts,
        startsAt: z.iso.datetime({ offset: true }),
        endsAt: z.iso.datetime({ offset: true }),
        fingerprint: z.string().min(1).max(100),
      }),
    )
    .min(1)
    .max(1_000),
});

type AlertDeps = Pick<HttpDeps, 'settings'> & { alerts: Alerts; tokens: Tokens };

/** `/api/alerts`: Alertmanager's notifications, into the log and the page. */
export function alertRoutes(define: Define, deps: AlertDeps): void {
  const { settings, alerts, tokens } = deps;

  // Who may send is asked before the body is read, like everywhere: hence the guard inside `access`.
  define(
    'post',
    '/api/alerts',
    { access: (ctx) => admit(ctx, settings, tokens), body: notification },
    (ctx, { body }) => {
      alerts.take(
        body.alerts.map(({ status, labels, annotations, startsAt, endsAt, fingerprint }) => ({
          status,
          labels,
          annotations,
          startsAt,
          // A firing alert ends in the year 1, which is Alertmanager's way of not knowing.
          endsAt: status === 'resolved' ? endsAt : undefined,
          fingerprint,
        })),
      );
      for (const { status } of body.alerts) instruments.alertNotifications.add(1, { status });
      ctx.status = 204;
    },
  );

  define('get', '/api/alerts', { access: 'read' }, (ctx) => {
    const sign = alerts.lastSign();
    ctx.body = {
      ...(sign === undefined ? {} : { last_sign_of_life: new Date(sign).toISOString() }),
      alerts: alerts.last().map(({ receivedAt, startsAt, endsAt, ...alert }) => ({
        ...alert,
        starts_at: startsAt,
        ...(endsAt === undefined ? {} : { ends_at: endsAt }),
        received_at: new Date(receivedAt).toISOString(),
      })),
    };
  });
}

async function admit(ctx: RouterContext, settings: HttpDeps['settings'], tokens: Tokens): Promise<void> {
  const token = bearer(ctx);
  if (token !== undefined) {
    if (settings.alertsToken !== undefined && sameSecret(token, settings.alertsToken)) return;
    if (await tokens.accepts(token)) return;
  } else if (settings.alertsToken === undefined) {
    const near = isPrivate(ctx.req.socket.remoteAddress) && ctx.get('X-Forwarded-For') === '';
    if (near && isOwnHost(ctx.req.headers.host, settings.allowedHosts ?? [])) return;
  }
  ctx.set('WWW-Authenticate', 'Bearer realm="SODAV Monitor"');
  throw new AppError('token_required', 401, {
    fr: 'Alertmanager doit donner son jeton (ALERTS_TOKEN) ou appeler depuis le réseau privé.',
    en: 'Alertmanager must give its token (ALERTS_TOKEN) or call from the private network.',
  });
}
