import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AudioFormat, encodeAudio, heardHz, scaleHz } from '../../test/support/audio';
import { SAMPLE_RATE } from '../audio';
import { AppError } from '../errors';
import { decodeFile } from './decode-file';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'decode-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function code(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return error instanceof AppError ? error.code : `not an AppError: ${error}`;
  }
  return 'no error';
}

describe('decodeFile', () => {
  const formats: [AudioFormat, string][] = [
    ['mp3', 'mp3'],
    ['aac', 'aac'],
    ['m4a', 'aac'],
    ['vorbis', 'vorbis'],
    ['opus', 'opus'],
    ['ogg-flac', 'flac'],
    ['flac', 'flac'],
    ['wav', 'pcm_s16le'],
  ];
  test.each(formats)('%s from a buffer: length, place in time, codec', (format, codec) => {
    const file = decodeFile(encodeAudio(format, { seconds: 5 }));
    expect(file.codec).toBe(codec);
    expect(file.durationS).toBeGreaterThan(4.9);
    expect(file.durationS).toBeLessThan(5.25);
    expect(file.samples.length).toBe(Math.round(file.durationS * SAMPLE_RATE));
    for (let s = 0; s < 5; s++) {
      const part = file.samples.subarray((s + 0.3) * SAMPLE_RATE, (s + 0.8) * SAMPLE_RATE);
      expect(heardHz(part, SAMPLE_RATE)).toBe(scaleHz(s));
    }
  });

  test('a path, with tags in lower case and the ISRC of ID3', () => {
    const path = join(folder, 'http:song.mp3');
    const tags = { title: 'Jaam', artist: 'Orchestre', TSRC: 'SNA012600001' };
    writeFileSync(path, encodeAudio('mp3', { seconds: 2, tags }));
    const file = decodeFile(path);
    expect(file.tags).toMatchObject({ title: 'Jaam', artist: 'Orchestre', isrc: 'SNA012600001' });
    expect(decodeFile(encodeAudio('vorbis', { seconds: 2, tags })).tags).toMatchObject({ title: 'Jaam' });
  });

  test('what is not audio is named unreadable', () => {
    const noise = Buffer.alloc(200_000);
    for (let i = 0; i < noise.length; i++) noise[i] = (i * 2_654_435_761) >>> 13;
    expect(code(() => decodeFile(noise))).toBe('unreadable_audio');
    expect(code(() => decodeFile(Buffer.alloc(0)))).toBe('unreadable_audio');
    expect(code(() => decodeFile(Buffer.from('<html><body>404</body></html>')))).toBe('unreadable_audio');
    expect(code(() => decodeFile(Buffer.alloc(100_000)))).toBe('unreadable_audio');
    expect(code(() => decodeFile(join(folder, 'absent.mp3')))).toBe('unreadable_audio');
    expect(code(() => decodeFile(folder))).toBe('unreadable_audio');
    expect(code(() => decodeFile(encodeAudio('mp3', { seconds: 3 }).subarray(0, 700)))).toBe(
      'unreadable_audio',
    );
  });

  test.each(['m4a', 'flac'] as const)('%s cut in the middle is unreadable, not a shorter song', (format) => {
    const whole = encodeAudio(format, { seconds: 10 });
    expect(code(() => decodeFile(whole.subarray(0, whole.length / 2)))).toBe('unreadable_audio');
  });

  test('a playlist makes nothing else be read', () => {
    writeFileSync(join(folder, 'secret.mp3'), encodeAudio('mp3', { seconds: 3 }));
    const hls = `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${join(folder, 'secret.mp3')}\n#EXT-X-ENDLIST\n`;
    writeFileSync(join(folder, 'upload.mp3'), hls);
    expect(code(() => decodeFile(join(folder, 'upload.mp3')))).toBe('unreadable_audio');
    const concat = `ffconcat version 1.0\nfile ${join(folder, 'secret.mp3')}\n`;
    writeFileSync(join(folder, 'upload2.mp3'), concat);
    expect(code(() => decodeFile(join(folder, 'upload2.mp3')))).toBe('unreadable_audio');
  });
});
