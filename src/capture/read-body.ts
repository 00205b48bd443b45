import type { Readable } from 'node:stream';
import type { Clock } from '../clock';
import { StreamError } from './fault';

const READ_MS = 20_000;

/** The whole body, at most `limit` bytes within 20 s. Throws StreamError `bad_playlist`, `stall` or `ended`. */
export async function readBody(body: Readable, limit: number, clock: Clock): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  let late = false;
  const cancel = clock.after(READ_MS, () => {
    late = true;
    body.destroy();
  });
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > limit) throw new StreamError('bad_playlist', `longer than ${limit} bytes`);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof StreamError) throw error;
    if (late) throw new StreamError('stall', `not complete after ${READ_MS / 1000} s`);
    throw new StreamError('ended', 'cut off in the middle');
  } finally {
    cancel();
    body.destroy();
  }
  if (late) throw new StreamError('stall', `not complete after ${READ_MS / 1000} s`);
  return Buffer.concat(parts, length);
}
