import { spawn } from 'node:child_process';
import { registerHelperProcess, unregisterHelperProcess } from '../../otel/processes';
import { SAMPLE_RATE } from '../audio';
import { AppError } from '../errors';
import { compiled } from '../paths';

export interface ChromaprintOptions {
  /** Of the PCM, hertz; 4,000–192,000. */
  readonly rate?: number;
  /** A fingerprint of two minutes takes under a second; ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The compressed base64 Chromaprint fingerprint of the first two minutes, as AcoustID takes it. Computed in a process of
 * its own, which costs some tenths of a second of another core.
 * @param pcm a file of raw mono 16-bit little-endian samples, or the samples themselves
 * @throws AppError `no_fingerprint` for audio that is too short (about 3 s) or unreadable, and when time runs out
 */
export function chromaprintOf(pcm: string | Int16Array, options: ChromaprintOptions = {}): Promise<string> {
  const { rate = SAMPLE_RATE, timeoutMs = 30_000, signal } = options;
  const program = compiled('src/recognition/chromaprint-main');
  const input = typeof pcm === 'string' ? pcm : '-';
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = spawn(process.execPath, [program, String(rate), input], {
      stdio: [input === '-' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env,
    });
    const { pid } = child;
    if (pid !== undefined) registerHelperProcess(pid);
    let out = '';
    let err = '';
    child.stdout!.setEncoding('latin1').on('data', (part: string) => {
      if (out.length < 1_000_000) out += part;
    });
    child.stderr!.setEncoding('utf8').on('data', (part: string) => {
      if (err.length < 2_000) err += part;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const onAbort = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', onAbort, { once: true });
    const done = () => {
      clearTimeout(timer);
      if (pid !== undefined) unregisterHelperProcess(pid);
      signal?.removeEventListener('abort', onAbort);
    };
    child.on('error', (error) => {
      done();
      reject(noFingerprint(error.message));
    });
    child.on('close', (code, killed) => {
      done();
      if (signal?.aborted) return reject(signal.reason);
      const fingerprint = out.trim();
      // Audio of under about 3 s gives a header without a single item.
      if (code === 0 && fingerprint.length > 6) return resolve(fingerprint);
      reject(noFingerprint(killed ?? (err.trim() || 'too short')));
    });
    if (child.stdin && typeof pcm !== 'string') {
      // A child that has died already says why on its own.
      child.stdin.on('error', () => undefined);
      child.stdin.end(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength));
    }
  });
}

function noFingerprint(why: string): AppError {
  return new AppError('no_fingerprint', 422, {
    fr: `Aucune empreinte Chromaprint n'a pu être calculée (${why}).`,
    en: `No Chromaprint fingerprint could be computed (${why}).`,
  });
}
