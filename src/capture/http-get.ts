import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock';
import { publicUrl, StreamError } from './fault';
import { requestShoutcast } from './shoutcast-v1';

export interface HttpAnswer {
  /** After redirects. */
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

const CONNECT_MS = 10_000;
const MOST_REDIRECTS = 5;
const AGENT = 'SODAV-Monitor/0.1';

/**
 * GET with redirects and a limit until the answer's head. Throws StreamError `unreachable`, `http_error` or
 * `redirect_loop`; user and password of the URL go to its own host only, and into no message.
 */
export async function httpGet(
  url: URL,
  options: { clock: Clock; signal: AbortSignal; headers?: Record<string, string> },
): Promise<HttpAnswer> {
  const seen = new Set<string>();
  let target = url;
  for (let step = 0; step <= MOST_REDIRECTS; step++) {
    if (seen.has(target.href)) throw new StreamError('redirect_loop', `${publicUrl(target)} leads to itself`);
    seen.add(target.href);
    const answer = await ask(target, options);
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) {
      if (answer.status >= 200 && answer.status < 300 && answer.status !== 204)
        return { headers: answer.headers, body: answer.body, url: target };
      answer.body.destroy();
      throw new StreamError('http_error', `HTTP ${answer.status} from ${publicUrl(target)}`);
    }
    answer.body.destroy();
    target = redirected(target, location);
  }
  throw new StreamError('redirect_loop', `more than ${MOST_REDIRECTS} redirects from ${publicUrl(url)}`);
}

function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new StreamError('http_error', 'a redirect to no address');
  const to = new URL(location, from.href);
  if (to.protocol !== 'http:' && to.protocol !== 'https:') {
    throw new StreamError('http_error', `a redirect to ${to.protocol}`);
  }
  if (to.host === from.host && to.username === '') {
    to.username = from.username;
    to.password = from.password;
  }
  return to;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

async function ask(
  url: URL,
  options: { clock: Clock; signal: AbortSignal; headers?: Record<string, string> },
): Promise<Answer> {
  const { clock, signal } = options;
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.after(CONNECT_MS, () =>
    stop.abort(new Error(`no answer within ${CONNECT_MS / 1000} s`)),
  );
  const headers: Record<string, string> = {
    'User-Agent': AGENT,
    Accept: '*/*',
    Connection: 'close',
    ...options.headers,
  };
  if (url.username !== '') {
    const pair = `${plain(url.username)}:${plain(url.password)}`;
    headers.Authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  let answer: Answer;
  try {
    answer = await askHttp(url, headers, stop.signal);
  } catch (error) {
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) throw signal.reason;
    const reason = stop.signal.aborted ? stop.signal.reason : error;
    throw new StreamError('unreachable', `${publicUrl(url)}: ${describe(reason)}`);
  } finally {
    cancel();
  }
  // The caller's signal ends the body too.
  stop.signal.addEventListener('abort', () => answer.body.destroy(new Error('stopped')), { once: true });
  answer.body.on('close', () => signal.removeEventListener('abort', onAbort));
  // Once the caller has let go, a late error of the socket must not be nobody's.
  answer.body.on('error', () => undefined);
  return answer;
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function askHttp(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  try {
    return await askNode(url, headers, signal);
  } catch (error) {
    const raw = (error as { rawPacket?: unknown }).rawPacket;
    const shoutcast = Buffer.isBuffer(raw) && raw.toString('latin1', 0, 4) === 'ICY ';
    if (!shoutcast || signal.aborted) throw error;
    return requestShoutcast(url, headers, signal);
  }
}

function askNode(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestTls : requestPlain;
    const { protocol, hostname, port, pathname, search } = url;
    const asked = request(
      {
        protocol,
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        path: pathname + search,
        headers,
        agent: false,
        signal,
        // Stations' servers end lines with LF alone, repeat Content-Length and the like.
        insecureHTTPParser: true,
      },
      (response) => {
        const flat = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(flat), body: response });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return 'no connection';
  const { code } = reason as { code?: string };
  if (reason instanceof AggregateError) return code ?? describe(reason.errors[0]);
  return code ?? reason.message;
}
