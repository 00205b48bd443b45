import type { Middleware } from 'koa';
import { AppError } from '../../errors';
import { isCleanText } from '../text';

const MAX_LENGTH = 4_096;

/** Refuses addresses that could mean one thing here and another to whatever stands in front or behind. */
export const plainAddress: Middleware = async (ctx, next) => {
  const { url } = ctx.req as { url: string };
  if (url.length > MAX_LENGTH) {
    throw new AppError('address_too_long', 414, {
      fr: `L'adresse est trop longue (${MAX_LENGTH} caractères au plus).`,
      en: `The address is too long (at most ${MAX_LENGTH} characters).`,
    });
  }
  if (!isPlain(url)) {
    throw new AppError('bad_address', 400, {
      fr: "L'adresse contient des caractères ou des détours qui ne sont pas permis.",
      en: 'The address holds characters or detours that are not allowed.',
    });
  }
  if (ctx.req.headers.host === undefined && ctx.req.httpVersion !== '1.0') {
    throw new AppError('bad_request', 400, {
      fr: "L'en-tête « Host » manque.",
      en: 'The "Host" header is missing.',
    });
  }
  await next();
};

/** Whether a request target is a plain absolute path with a readable query. */
export function isPlain(url: string): boolean {
  const [path = '', ...rest] = url.split('?');
  if (!path.startsWith('/') || path.includes('//') || path.includes('\\')) return false;
  if (/%(2f|5c|25)/i.test(path)) return false;
  return readable(path) && readable(rest.join('?').replaceAll('+', ' ')) && !climbs(path);
}

function climbs(path: string): boolean {
  return decodeURIComponent(path)
    .split('/')
    .some((segment) => segment === '.' || segment === '..');
}

function readable(text: string): boolean {
  try {
    const decoded = decodeURIComponent(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    return isCleanText(decoded) && !/[\x00-\x1f\x7f]/.test(decoded);
  } catch {
    return false;
  }
}
