import { gunzipSync } from 'node:zlib';
import { type FaultScript, ScriptedServer } from './scripted-server';

/** A request as AcoustID would understand it. */
export interface AcoustIdSeen {
  readonly at: number;
  readonly key: string;
  readonly duration: number;
  readonly fingerprint: string;
  readonly meta: readonly string[];
  readonly gzip: boolean;
}

export interface AcoustIdMatch {
  readonly score: number;
  readonly id?: string;
  /** As AcoustID gives them; absent: known without a MusicBrainz name. */
  readonly recordings?: readonly Record<string, unknown>[];
}

export type AcoustIdScript =
  | FaultScript
  | { readonly kind: 'match'; readonly results: readonly AcoustIdMatch[] }
  | { readonly kind: 'no_match' }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly status?: number };

export type AcoustIdServer = ScriptedServer<AcoustIdScript, AcoustIdSeen> & { readonly tooFast: number };

export interface AcoustIdServerOptions {
  /** The key that is valid here. */
  readonly key?: string;
  /** What is answered when no script is left; no match without it. */
  readonly identify?: (seen: AcoustIdSeen) => AcoustIdScript | Promise<AcoustIdScript>;
}

/**
 * AcoustID's `/v2/lookup` on this machine, with its checks: method, form, key, duration, fingerprint, and three requests
 * a second, beyond which it answers 429 as the service does.
 */
export async function startAcoustIdServer(options: AcoustIdServerOptions = {}): Promise<AcoustIdServer> {
  const key = options.key ?? 'test-key';
  const times: number[] = [];
  let tooFast = 0;
  const server: ScriptedServer<AcoustIdScript, AcoustIdSeen> = new ScriptedServer(
    '/v2/lookup',
    (seen) => options.identify?.(seen) ?? { kind: 'no_match' },
    async (body, request, next) => {
      const error = (code: number, message: string, status = 400) => {
        server.violations.push(message);
        return answerOf({ kind: 'error', code, message, status });
      };
      if (request.method !== 'POST') server.violations.push(`method ${request.method}`);
      if (request.url !== '/v2/lookup') server.violations.push(`path ${request.url}`);
      const gzip = request.headers['content-encoding'] === 'gzip';
      if (!gzip) server.violations.push('the body is not compressed');
      const form = new URLSearchParams((gzip ? gunzipSync(body) : body).toString('utf8'));
      const seen: AcoustIdSeen = {
        at: Date.now(),
        key: form.get('client') ?? '',
        duration: Number(form.get('duration')),
        fingerprint: form.get('fingerprint') ?? '',
        meta: (form.get('meta') ?? '').split(/[\s+]/),
        gzip,
      };
      const script = await next(seen);
      times.push(seen.at);
      if (times.filter((time) => time > seen.at - 1000).length > 3) {
        tooFast++;
        return error(14, 'rate limit (3 requests per second) exceeded, try again later', 429);
      }
      for (const name of ['client', 'duration', 'fingerprint']) {
        if (!form.get(name)) return error(2, `missing required parameter "${name}"`);
      }
      // Not a violation: the tests send wrong keys on purpose.
      if (seen.key !== key)
        return answerOf({ kind: 'error', code: 4, message: 'invalid API key', status: 400 });
      if (!/^[1-9]\d*$/.test(form.get('duration')!)) {
        return error(8, 'parameter "duration" must be a positive integer');
      }
      if (!isFingerprint(seen.fingerprint)) return error(3, 'invalid fingerprint');
      return answerOf(script);
    },
  );
  await server.listen();
  return Object.defineProperty(server, 'tooFast', { get: () => tooFast }) as AcoustIdServer;
}

function answerOf(script: AcoustIdScript): {
  script: AcoustIdScript;
  json?: unknown;
  status?: number;
} {
  switch (script.kind) {
    case 'match': {
      const results = script.results.map((result) => ({
        id: result.id ?? '9ff43b6a-4f16-427c-93c2-92307ca505e0',
        score: result.score,
        ...(result.recordings ? { recordings: result.recordings } : {}),
      }));
      return { script, json: { status: 'ok', results } };
    }
    case 'no_match':
      return { script, json: { status: 'ok', results: [] } };
    case 'error':
      return {
        script,
        json: { status: 'error', error: { code: script.code, message: script.message } },
        status: script.status ?? 400,
      };
    default:
      return { script };
  }
}

/** Compressed fingerprints: base64url without padding, algorithm in the first byte, number of items in the next three. */
function isFingerprint(text: string): boolean {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return false;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 4 && bytes[0]! <= 4 && bytes.readUIntBE(1, 3) > 0;
}
