import { spawnSync } from 'node:child_process';
import { AppError } from '../../src/errors';

/** Format in which excerpts are degraded: what radios and shops really play, 44.1 kHz stereo. */
export const STUDIO_RATE = 44_100;
export const STUDIO = ['-f', 's16le', '-ar', String(STUDIO_RATE), '-ac', '2'] as const;
/** What the recogniser hears. */
export const AIR = ['-f', 's16le', '-ar', '8000', '-ac', '1'] as const;

/** @throws AppError where ffmpeg is not installed */
export function requireFfmpeg(): void {
  if (spawnSync('ffmpeg', ['-version']).error === undefined) return;
  throw new AppError('ffmpeg_missing', 500, {
    fr: "L'évaluation dégrade l'audio avec ffmpeg, qui n'est pas installé (Debian : apt install ffmpeg ; macOS : brew install ffmpeg).",
    en: 'The evaluation degrades audio with ffmpeg, which is not installed.',
  });
}

/** Is an encoder in this ffmpeg? */
export function hasEncoder(name: string): boolean {
  const { stdout } = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });
  return new RegExp(`^ A\\S+ ${name} `, 'm').test(stdout);
}

/** Is this program on the machine? */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

/** Runs ffmpeg to its end; gives what it writes to its standard output. */
export function ffmpeg(...args: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(
    'ffmpeg',
    ['-hide_banner', '-v', 'error', '-nostdin', '-y', ...args],
    { maxBuffer: 2 ** 31 },
  );
  if (status === 0) return stdout;
  const said = stderr?.toString().trim().split('\n').at(-1) ?? '';
  throw new AppError('ffmpeg_failed', 500, {
    fr: `ffmpeg a échoué : ${said}`,
    en: `ffmpeg failed: ${said}`,
  });
}

/** Bytes as 16-bit samples, copied where they are not aligned. */
export function samplesOf(bytes: Buffer): Int16Array {
  const even = bytes.subarray(0, bytes.length - (bytes.length % 2));
  return new Int16Array(even.buffer.slice(even.byteOffset, even.byteOffset + even.length));
}

export function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
