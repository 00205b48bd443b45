import type { Context, Middleware } from 'koa';
import { AppError } from '../../errors';
import type { Logger } from '../../log';

/** Every error leaves as JSON with a stable code and both languages; what nobody expected is logged and kept inside. */
export function errors(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.body === undefined || ctx.body === null) refuseUnanswered(ctx);
    } catch (error) {
      answer(ctx, asAppError(error, ctx, log));
    }
  };
}

/** Writes an error as the answer. Headers that were set before stay. */
export function answer(ctx: Context, error: AppError): void {
  const language = ctx.acceptsLanguages('fr', 'en') === 'en' ? 'en' : 'fr';
  ctx.status = error.status;
  ctx.vary('Accept-Language');
  ctx.body = {
    error: {
      code: error.code,
      message: error.phrase[language],
      message_fr: error.phrase.fr,
      message_en: error.phrase.en,
      ...(error.details === undefined ? {} : { details: error.details }),
      request_id: ctx.state.requestId,
    },
  };
}

function refuseUnanswered(ctx: Context): void {
  if (ctx.status === 404) {
    throw new AppError('not_found', 404, {
      fr: "Il n'y a rien à cette adresse.",
      en: 'There is nothing at this address.',
    });
  }
  if (ctx.status === 405 || ctx.status === 501) {
    throw new AppError('method_not_allowed', ctx.status, {
      fr: `La méthode ${ctx.method} n'existe pas ici. Possibles : ${ctx.response.get('Allow')}.`,
      en: `Method ${ctx.method} does not exist here. Possible: ${ctx.response.get('Allow')}.`,
    });
  }
}

function asAppError(error: unknown, ctx: Context, log: Logger): AppError {
  if (error instanceof AppError) {
    if (error.status >= 500)
      log.warn({ err: error, requestId: ctx.state.requestId }, 'requête sans réponse utile');
    return error;
  }
  const known = databaseError(error) ?? clientError(error);
  if (known !== undefined) {
    if (known.status >= 500)
      log.warn({ err: error, requestId: ctx.state.requestId }, 'base de données injoignable');
    return known;
  }
  log.error(
    { err: error, requestId: ctx.state.requestId, method: ctx.method, path: ctx.path },
    'erreur imprévue',
  );
  return new AppError('internal_error', 500, {
    fr: 'Erreur interne : elle est notée au journal du service.',
    en: 'Internal error: it is in the log of the service.',
  });
}

/** Unreachable, stopping, full, too slow, or (42P01, at the very first start) without its tables yet. */
const CONNECTION_CODES =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE|EAI_AGAIN|08...|57P0[1-3]|57014|53...|42P01)$/;

/** What the database says that is not our bug: it is away, or the change contradicts what is stored. */
function databaseError(error: unknown): AppError | undefined {
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  if (code === '23505') {
    return new AppError('conflict', 409, {
      fr: 'Cela existe déjà.',
      en: 'This exists already.',
    });
  }
  if (code === '23503') {
    return new AppError('in_use', 409, {
      fr: 'Autre chose en dépend : rien ne change.',
      en: 'Something else depends on it: nothing is changed.',
    });
  }
  const away =
    (typeof code === 'string' && CONNECTION_CODES.test(code)) ||
    name === 'KnexTimeoutError' ||
    (typeof message === 'string' &&
      /^(Connection terminated|timeout expired|Query read timeout)/.test(message));
  if (!away) return undefined;
  return new AppError('database_unavailable', 503, {
    fr: 'La base de données est injoignable. Les diffusions entendues attendent sur disque ; réessayez plus tard.',
    en: 'The database is out of reach. Plays that are heard wait on disk; try again later.',
  });
}

/** What Koa's parts say about a request that cannot be read. */
function clientError(error: unknown): AppError | undefined {
  const { status } = error as { status?: unknown };
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined;
  if (status === 413) {
    return new AppError('too_large', 413, {
      fr: 'La demande est trop grande.',
      en: 'The request is too large.',
    });
  }
  if (status === 415) {
    return new AppError('unsupported_media_type', 415, {
      fr: "Ce type de contenu n'est pas accepté ici.",
      en: 'This content type is not accepted here.',
    });
  }
  return new AppError('bad_request', status, {
    fr: "La demande n'est pas lisible.",
    en: 'The request cannot be read.',
  });
}
