import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import { AppError } from '../../errors';
import { jsonFault } from '../text';

const LIMIT_BYTES = 1_000_000;
const TIMEOUT_MS = 15_000;

const parse = bodyParser({ enableTypes: ['json'], jsonLimit: LIMIT_BYTES, jsonStrict: true });

/**
 * The request's JSON body: an object or an array of plain, clean values.
 * @throws AppError 400, 408, 413, 415
 */
export async function readJson(ctx: Context): Promise<unknown> {
  refuseOtherTypes(ctx);
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      ctx.set('Connection', 'close');
      reject(
        new AppError('too_slow', 408, {
          fr: "Le corps de la demande n'est pas arrivé à temps.",
          en: 'The body of the request did not arrive in time.',
        }),
      );
    }, TIMEOUT_MS);
  });
  try {
    await Promise.race([parse(ctx as Parameters<typeof parse>[0], async () => undefined), tooSlow]);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const { body } = ctx.request as unknown as { body?: unknown };
  refuseTricks(jsonFault(body));
  return body;
}

function refuseOtherTypes(ctx: Context): void {
  const charset = ctx.request.charset.toLowerCase();
  const encoding = ctx.get('Content-Encoding').toLowerCase();
  const json = /^application\/json\s*(;|$)/i.test(ctx.get('Content-Type'));
  if (json && /^(utf-?8)?$/.test(charset) && /^(identity)?$/.test(encoding)) return;
  throw new AppError('unsupported_media_type', 415, {
    fr: 'Envoyez du JSON en UTF-8, non compressé, avec « Content-Type: application/json ».',
    en: 'Send JSON in UTF-8, not compressed, with "Content-Type: application/json".',
  });
}

function refuseTricks(fault: ReturnType<typeof jsonFault>): void {
  if (fault === undefined) return;
  const phrases = {
    key: {
      fr: "Une clé du JSON n'est pas permise (__proto__, constructor, prototype).",
      en: 'A key of the JSON is not allowed (__proto__, constructor, prototype).',
    },
    text: {
      fr: 'Un texte contient un caractère nul ou des octets qui ne sont pas de l’UTF-8.',
      en: 'A text holds a NUL character or bytes that are not UTF-8.',
    },
    depth: { fr: 'Le JSON est trop profond.', en: 'The JSON is nested too deeply.' },
  };
  throw new AppError('invalid_body', 400, phrases[fault]);
}

function malformed(): AppError {
  return new AppError('malformed_json', 400, {
    fr: "Le corps de la demande n'est pas du JSON valable (un objet est attendu).",
    en: 'The body of the request is not valid JSON (an object is expected).',
  });
}
