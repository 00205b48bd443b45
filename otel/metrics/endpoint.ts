import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { renderMetrics } from '../telemetry';

/** What of Koa's context the endpoint needs. */
export interface EndpointContext {
  get(header: string): string;
  set(header: string, value: string): void;
  status: number;
  body: unknown;
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * `GET /api/metrics` as a Koa handler.
 * @param options.tokenFile read at every request, so that a token can be replaced without a restart; absent: no token
 */
export function metricsEndpoint(
  options: { tokenFile?: string | undefined } = {},
): (ctx: EndpointContext) => Promise<void> {
  return async (ctx) => {
    const refuse = (status: number, fr: string, en: string) => {
      ctx.status = status;
      ctx.set('Content-Type', 'text/plain; charset=utf-8');
      ctx.body = `${fr}\n${en}\n`;
    };
    if (options.tokenFile !== undefined) {
      let expected: string;
      try {
        expected = (await readFile(options.tokenFile, 'utf8')).trim();
        if (expected === '') throw new Error('empty');
      } catch {
        return refuse(
          503,
          'Le fichier du jeton des métriques (METRICS_TOKEN_FILE) est illisible ou vide.',
          'The file of the metrics token (METRICS_TOKEN_FILE) cannot be read or is empty.',
        );
      }
      if (!matches(ctx.get('Authorization'), expected)) {
        ctx.set('WWW-Authenticate', 'Bearer');
        return refuse(401, 'Jeton manquant ou faux.', 'Missing or wrong token.');
      }
    }
    let text: string;
    try {
      text = await renderMetrics();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return refuse(
        503,
        `Les métriques n'ont pas pu être lues : ${why}.`,
        `Metrics could not be read: ${why}.`,
      );
    }
    ctx.status = 200;
    ctx.body = text;
    ctx.set('Content-Type', CONTENT_TYPE);
    ctx.set('Cache-Control', 'no-store');
  };
}

/** Compares in a time that does not tell how much of it was right. */
function matches(authorization: string, expected: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(authorization)?.[1]?.trim() ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
