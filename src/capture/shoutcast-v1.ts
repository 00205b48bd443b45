import { connect as connectPlain } from 'node:net';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';

export interface RawResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

const LONGEST_HEAD = 16 * 1024;

/**
 * Asks the way old Shoutcast servers answer: `ICY 200 OK` instead of HTTP, which Node's parser refuses. Rejects when
 * the connection fails, the head is too long, or the signal aborts.
 */
export function requestShoutcast(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const tls = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port) || (tls ? 443 : 80);
    const socket = tls ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
    const abort = () => socket.destroy(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.on('close', () => signal.removeEventListener('abort', abort));
    socket.on('error', reject);
    let head = Buffer.alloc(0);
    const onData = (bytes: Buffer) => {
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) {
        if (head.length > LONGEST_HEAD) socket.destroy(new Error('the head of the answer has no end'));
        return;
      }
      socket.off('data', onData);
      socket.pause();
      const [status, ...lines] = head.toString('latin1', 0, end).split('\r\n');
      const code = /^(?:ICY|HTTP\/\d\.\d) (\d{3})/.exec(status!)?.[1];
      if (code === undefined) {
        socket.destroy(new Error('neither ICY nor HTTP'));
        return;
      }
      const entries = lines.map((line) => line.split(/:\s*/, 2)).filter(({ length }) => length === 2);
      const rest = head.subarray(end + 4);
      if (rest.length > 0) socket.unshift(rest);
      resolve({
        status: Number(code),
        headers: Object.fromEntries(entries.map(([name, value]) => [name!.toLowerCase(), value!])),
        body: socket,
      });
    };
    socket.on('data', onData);
    socket.on('end', () => reject(new Error('closed before an answer')));
    const lines = [`GET ${url.pathname}${url.search} HTTP/1.0`, `Host: ${url.host}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}
