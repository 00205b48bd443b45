import { type FaultScript, ScriptedServer } from './scripted-server';

/** A request as AudD would understand it. */
export interface AuddSeen {
  readonly at: number;
  readonly token: string;
  readonly blocks: readonly string[];
  readonly fileBytes: number;
  readonly fileName: string;
  /** Read from the WAV. */
  readonly seconds: number;
  readonly sampleRate: number;
  readonly wav: Buffer;
}

export type AuddScript =
  | FaultScript
  /** `result` as AudD gives it. */
  | { readonly kind: 'match'; readonly result: Record<string, unknown> }
  | { readonly kind: 'no_match' }
  | { readonly kind: 'error'; readonly code: number; readonly message?: string };

export type AuddServer = ScriptedServer<AuddScript, AuddSeen>;

export interface AuddServerOptions {
  /** The token that is valid here. */
  readonly token?: string;
  /** What is answered when no script is left; no match without it. */
  readonly identify?: (seen: AuddSeen) => AuddScript | Promise<AuddScript>;
}

const BLOCKS = ['apple_music', 'spotify', 'deezer', 'napster', 'musicbrainz', 'lyrics'];

/** AudD's standard recognition on this machine, with its checks: multipart form, token, at most 25 s and 10 MB of audio. */
export async function startAuddServer(options: AuddServerOptions = {}): Promise<AuddServer> {
  const token = options.token ?? 'test-token';
  const server: AuddServer = new ScriptedServer<AuddScript, AuddSeen>(
    '/',
    (seen) => options.identify?.(seen) ?? { kind: 'no_match' },
    async (body, request, next) => {
      const refuse = (code: number, message: string) => {
        server.violations.push(message);
        return answerOf({ kind: 'error', code, message });
      };
      if (request.method !== 'POST') server.violations.push(`method ${request.method}`);
      const type = request.headers['content-type'] ?? '';
      if (!type.startsWith('multipart/form-data; boundary=')) server.violations.push(`content type ${type}`);
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
      const file = form.get('file');
      const wav = file instanceof File ? Buffer.from(await file.arrayBuffer()) : Buffer.alloc(0);
      const isWav =
        wav.length > 44 &&
        wav.toString('latin1', 0, 4) === 'RIFF' &&
        wav.toString('latin1', 8, 12) === 'WAVE';
      const seen: AuddSeen = {
        at: Date.now(),
        token: String(form.get('api_token') ?? ''),
        blocks: String(form.get('return') ?? '').split(','),
        fileBytes: wav.length,
        fileName: file instanceof File ? file.name : '',
        seconds: isWav ? wav.readUInt32LE(40) / wav.readUInt32LE(28) : 0,
        sampleRate: isWav ? wav.readUInt32LE(24) : 0,
        wav,
      };
      const script = await next(seen);
      // Not violations: the tests send wrong tokens on purpose.
      if (seen.token === '') return answerOf({ kind: 'error', code: 901, message: 'no api_token passed' });
      if (seen.token !== token) return answerOf({ kind: 'error', code: 900, message: 'wrong api_token' });
      const strange = seen.blocks.filter((name) => !BLOCKS.includes(name));
      if (strange.length > 0) server.violations.push(`unknown values of return: ${strange.join()}`);
      if (!(file instanceof File)) return refuse(700, 'no file sent');
      if (wav.length > 10_000_000 || seen.seconds > 25) return refuse(400, 'the audio file is too big');
      if (!isWav) return refuse(500, 'incorrect audio file');
      if (seen.seconds < 3) return refuse(300, 'the audio file is too short');
      return answerOf(script);
    },
  );
  return server.listen();
}

function answerOf(script: AuddScript): { script: AuddScript; json?: unknown } {
  switch (script.kind) {
    case 'match':
      return { script, json: { status: 'success', result: script.result } };
    case 'no_match':
      return { script, json: { status: 'success', result: null } };
    case 'error':
      return {
        script,
        json: {
          status: 'error',
          error: { error_code: script.code, error_message: script.message ?? `error ${script.code}` },
        },
      };
    default:
      return { script };
  }
}
