import type { RouterContext } from '@koa/router';
import { AppError } from '../../errors';
import type { HttpSettings } from '../deps';
import type { Guard } from '../endpoint';
import { isLoopback, isLoopbackHost, isOwnHost } from '../network';
import type { Tokens } from '../tokens';

/** The bearer token of a request; nothing where there is none. */
export function bearer(ctx: RouterContext): string | undefined {
  return /^Bearer +([\w~+/.=-]+)$/i.exec(ctx.get('Authorization'))?.[1];
}

/**
 * Who may do what. Changes need a token. Reading needs none on this machine itself, by the socket's address: what a
 * header says about where a request comes from is never taken as proof, and one that says it was passed on counts as
 * coming from elsewhere. A browser elsewhere may read by Basic authentication with the token as its password; changes
 * are never taken that way, because browsers send it along with what other sites make them ask.
 */
export function accessGuard(settings: HttpSettings, tokens: Tokens): Guard {
  const onlyHere = isLoopbackHost(settings.host);
  const allowed = settings.allowedHosts ?? [];
  return async (ctx, access) => {
    const ownHost = isOwnHost(ctx.req.headers.host, allowed);
    if (onlyHere && !ownHost) throw foreignHost();
    if (access === 'open') return;
    const token = bearer(ctx) ?? (access === 'read' ? basicPassword(ctx) : undefined);
    if (token !== undefined) {
      if (await tokens.accepts(token)) return;
      throw unauthorized(ctx, access, 'invalid_token');
    }
    if (access === 'write' || !isDirect(ctx)) throw unauthorized(ctx, access, 'token_required');
    if (!ownHost) throw foreignHost();
  };
}

/** Whether the request was made on this machine, by nobody's mediation. */
function isDirect(ctx: RouterContext): boolean {
  const passedOn = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'].some(
    (name) => ctx.req.headers[name] !== undefined,
  );
  return isLoopback(ctx.req.socket.remoteAddress) && !passedOn;
}

function basicPassword(ctx: RouterContext): string | undefined {
  const encoded = /^Basic +([\w+/=-]+)$/i.exec(ctx.get('Authorization'))?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.includes(':') ? text.slice(text.indexOf(':') + 1) : undefined;
}

function unauthorized(
  ctx: RouterContext,
  access: 'read' | 'write',
  code: 'token_required' | 'invalid_token',
): AppError {
  const error = code === 'invalid_token' ? ', error="invalid_token"' : '';
  const challenges = [`Bearer realm="SODAV Monitor"${error}`];
  if (access === 'read') challenges.push('Basic realm="SODAV Monitor", charset="UTF-8"');
  ctx.set('WWW-Authenticate', challenges);
  return new AppError(
    code,
    401,
    code === 'invalid_token'
      ? { fr: "Ce jeton d'API n'est pas valable.", en: 'This API token is not valid.' }
      : {
          fr: "Un jeton d'API est nécessaire : « Authorization: Bearer … » (fichier api-token du dossier de données).",
          en: 'An API token is needed: "Authorization: Bearer …" (file api-token in the data folder).',
        },
  );
}

function foreignHost(): AppError {
  return new AppError('foreign_host', 403, {
    fr: "Ce service ne répond pas sous ce nom (en-tête « Host »). Appelez-le par localhost ou par l'adresse de la machine.",
    en: 'This service does not answer to this name ("Host" header). Call it by localhost or by the machine\'s address.',
  });
}
