import { randomBytes, randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Logger } from '../../log';

/** A request's id, for its log lines and its error; and one debug line per request. */
export function traced(log: Logger): Middleware {
  return async (ctx, next) => {
    const requestId = randomUUID();
    ctx.state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    const begun = performance.now();
    ctx.res.once('close', () => {
      log.debug(
        {
          requestId,
          method: ctx.method,
          // Without the query: people put names into it.
          path: ctx.path,
          status: ctx.res.statusCode,
          ms: Math.round(performance.now() - begun),
          whole: ctx.res.writableFinished,
        },
        'requête',
      );
    });
    await next();
  };
}

/** Nothing may be framed, sniffed, cached or run but what the page itself brings, marked by a nonce. */
export const secured: Middleware = async (ctx, next) => {
  const nonce = randomBytes(16).toString('base64');
  ctx.state.nonce = nonce;
  ctx.set({
    'Content-Security-Policy': [
      "default-src 'none'",
      `script-src 'nonce-${nonce}'`,
      `style-src 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  await next();
};
