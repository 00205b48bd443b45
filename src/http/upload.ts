import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RouterContext } from '@koa/router';
import busboy from 'busboy';
import { AppError } from '../errors';
import { isCleanText } from './text';

/** Largest file, bytes: a long recording without compression. */
export const UPLOAD_LIMIT_BYTES = 200_000_000;
/** Uploads at once: each waits for a decoder, and holds its file on disk. */
const AT_ONCE = 4;
let underWay = 0;

/** An uploaded file on disk; whoever received it discards it. */
export interface Upload {
  readonly path: string;
  /** What the sender calls it; a name without a folder, for people. */
  readonly name: string;
  discard(): Promise<void>;
}

/**
 * Takes the one file (part `file`) of a multipart body into a folder, in a stream. Whatever goes wrong, nothing stays.
 * @throws AppError 400, 413, 415, 429
 */
export async function receiveUpload(ctx: RouterContext, folder: string): Promise<Upload> {
  if (!/^multipart\/form-data\s*;/i.test(ctx.get('Content-Type'))) {
    throw new AppError('unsupported_media_type', 415, {
      fr: 'Envoyez le fichier en multipart/form-data, dans la partie « file ».',
      en: 'Send the file as multipart/form-data, in the part "file".',
    });
  }
  if (Number(ctx.get('Content-Length')) > UPLOAD_LIMIT_BYTES + 10_000) throw tooLarge();
  if (underWay >= AT_ONCE) {
    ctx.set('Retry-After', '10');
    throw new AppError('too_many_uploads', 429, {
      fr: "Trop d'envois en même temps : réessayez dans quelques secondes.",
      en: 'Too many uploads at once: try again in a few seconds.',
    });
  }
  underWay++;
  const path = join(folder, randomUUID());
  const discard = () => rm(path, { force: true });
  try {
    await mkdir(folder, { recursive: true });
    return { path, name: await receive(ctx, path), discard };
  } catch (error) {
    await discard();
    throw error;
  } finally {
    underWay--;
  }
}

async function receive(ctx: RouterContext, path: string): Promise<string> {
  let parser: busboy.Busboy;
  try {
    parser = busboy({
      headers: ctx.req.headers,
      defParamCharset: 'utf8',
      limits: { files: 1, fields: 0, parts: 10, fileSize: UPLOAD_LIMIT_BYTES, headerPairs: 20 },
    });
  } catch {
    throw malformed();
  }
  let name: string | undefined;
  let written: Promise<void> | undefined;
  let fault: AppError | undefined;
  // The rest of a body that is refused is not kept, but read: else its sender never sees the answer.
  parser.on('file', (part, stream: Readable & { truncated?: boolean }, info) => {
    if (part !== 'file' || info.filename === undefined || !isCleanText(info.filename)) {
      fault ??= wrongParts();
      stream.resume();
      return;
    }
    name = basename(info.filename.replaceAll('\\', '/')).slice(0, 200);
    stream.once('limit', () => {
      fault ??= tooLarge();
    });
    written = pipeline(stream, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
    // Awaited below; a disk that is full ends the rest, too.
    written.catch((error) => parser.destroy(error));
  });
  for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
    parser.on(event, () => {
      fault ??= wrongParts();
    });
  }
  try {
    await pipeline(ctx.req, parser);
    await written;
  } catch (error) {
    // Its file is gone from the disk only when nothing writes to it any more.
    await written?.catch(() => undefined);
    if (fault !== undefined) throw fault;
    // Our own disk's faults have a code of the system; what is left is the sender's.
    if (/^(ENOSPC|EACCES|EROFS|EIO|EMFILE|EDQUOT)$/.test((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    throw malformed();
  }
  if (fault !== undefined) throw fault;
  if (name === undefined) throw wrongParts();
  return name;
}

function tooLarge(): AppError {
  const megabytes = UPLOAD_LIMIT_BYTES / 1e6;
  return new AppError('too_large', 413, {
    fr: `Le fichier dépasse ${megabytes} Mo.`,
    en: `The file is larger than ${megabytes} MB.`,
  });
}

function malformed(): AppError {
  return new AppError('malformed_upload', 400, {
    fr: "L'envoi est incomplet ou n'est pas du multipart valable.",
    en: 'The upload is incomplete or not valid multipart.',
  });
}

function wrongParts(): AppError {
  return new AppError('invalid_upload', 400, {
    fr: "L'envoi doit contenir un fichier, dans la partie « file », et rien d'autre.",
    en: 'The upload must hold one file, in the part "file", and nothing else.',
  });
}
