import type { MetricLabels } from '../../otel/metrics/catalogue';
import { trackExternalApi } from '../../otel/metrics/decorators';
import type { Clock } from '../clock';

type Labels = MetricLabels<'externalApiRequests'>;
/** How one request ended. */
export type ApiStatus = Labels['status'];

/** What one request to an outside service came to. */
export interface ApiAnswer<T> {
  readonly status: ApiStatus;
  readonly value?: T;
  /** For people and logs; never holds a key. */
  readonly detail: string;
  /** How long the service asked us to wait. */
  readonly retryAfterMs?: number;
}

export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface ApiCall<T> {
  readonly api: Labels['api'];
  readonly endpoint: Labels['endpoint'];
  /** Requests in all, the first included. */
  readonly attempts: number;
  /** Time limit of each request, until its answer is read. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Runs before every request: waits its turn, takes from the budget. An answer ends the call without a request. */
  before?(): Promise<ApiAnswer<T> | undefined>;
  send(signal: AbortSignal): Promise<Response>;
  read(reply: ApiReply): ApiAnswer<T>;
}

/** What may go better the next time. Answers that blame the request are final. */
const WORTH_RETRYING: readonly ApiStatus[] = ['timeout', 'rate_limited', 'server_error', 'unreachable'];
/** A service that wants a longer pause than this gets it from the caller, not from a waiting request. */
const LONGEST_WAIT_MS = 60_000;
const FIRST_WAIT_MS = 500;
/** The answers are a few kilobytes; this is what we are ready to read. */
const MAX_ANSWER_BYTES = 4_000_000;

/**
 * Asks an outside service, with a time limit on each request, and again with growing, jittered pauses where that may
 * help. `Retry-After` is obeyed. Each request is counted once.
 * @throws the signal's reason when aborted while waiting; an aborted request counts as a timeout first
 */
export async function callApi<T>(call: ApiCall<T>): Promise<ApiAnswer<T>> {
  for (let attempt = 1; ; attempt++) {
    const early = await call.before?.();
    if (early) return early;
    const answer = await counted(call);
    if (attempt >= call.attempts || !WORTH_RETRYING.includes(answer.status)) return answer;
    const backOff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
    const wait = answer.retryAfterMs ?? backOff;
    if (wait > LONGEST_WAIT_MS) return answer;
    await call.clock.sleep(wait, call.signal);
  }
}

async function counted<T>(call: ApiCall<T>): Promise<ApiAnswer<T>> {
  const { api, endpoint, signal } = call;
  signal?.throwIfAborted();
  const count = trackExternalApi<Promise<ApiAnswer<T>>>({
    api,
    endpoint,
    status: (end) => ('result' in end ? end.result.status : 'unreachable'),
  });
  const answer = await count(() => request(call))();
  signal?.throwIfAborted();
  return answer;
}

/** One request; whatever happens to it is an answer. */
async function request<T>(call: ApiCall<T>): Promise<ApiAnswer<T>> {
  const limit = AbortSignal.timeout(call.timeoutMs);
  const signal = call.signal ? AbortSignal.any([limit, call.signal]) : limit;
  try {
    const response = await call.send(signal);
    return call.read({
      status: response.status,
      headers: response.headers,
      body: await bodyOf(response),
    });
  } catch (error) {
    return failed(error, signal, call.timeoutMs);
  }
}

function failed<T>(error: unknown, signal: AbortSignal, timeoutMs: number): ApiAnswer<T> {
  if (signal.aborted) return { status: 'timeout', detail: `pas de réponse en ${timeoutMs / 1000} s` };
  if (error instanceof TooLong) return { status: 'invalid_answer', detail: 'réponse trop longue' };
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  return { status: 'unreachable', detail: typeof code === 'string' ? code : String(cause) };
}

class TooLong extends Error {}

async function bodyOf(response: Response): Promise<string> {
  if (!response.body) return '';
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body) {
    bytes += part.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new TooLong();
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The body as JSON, or `undefined` when it is none. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** `Retry-After` in milliseconds from `now`, from its seconds or its date; absent when it is neither. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** What an HTTP status alone says, for answers whose body says nothing more; `undefined` for 2xx. */
export function answerOfStatus<T>(reply: ApiReply, now: number): ApiAnswer<T> | undefined {
  const { status } = reply;
  if (status >= 200 && status < 300) return undefined;
  const detail = `HTTP ${status}`;
  const wait = retryAfter(reply.headers, now);
  const pause = wait === undefined ? {} : { retryAfterMs: wait };
  if (status === 429) return { status: 'rate_limited', detail, ...pause };
  if (status >= 500) return { status: 'server_error', detail, ...pause };
  if (status === 401 || status === 403) return { status: 'unauthorized', detail };
  return { status: 'client_error', detail };
}
