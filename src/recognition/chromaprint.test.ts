import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tune } from '../../test/support/tune';
import { SAMPLE_RATE } from '../audio';
import { compiled } from '../paths';
import { wavOf } from './audd/wav';
import { chromaprintOf } from './chromaprint';
import { bitErrorRate, chromaprintItems } from './chromaprint-items';
import { UnknownClusters } from './unknown-clusters';

const hasFpcalc = spawnSync('fpcalc', ['-version']).status === 0;
if (!hasFpcalc) console.warn('SKIPPED: fpcalc is not installed, fingerprints are not compared with it');

let folder: string;
beforeAll(() => {
  if (!existsSync(compiled('src/recognition/chromaprint-main'))) throw new Error('build first: tsc -p .');
  folder = mkdtempSync(join(tmpdir(), 'sodav-chromaprint-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const song = tune(1, 40);

function fpcalc(file: string): { compressed: string; items: Uint32Array } {
  // Its exit status tells of the end of the file as of an error; what it prints is complete.
  const run = (...more: string[]) =>
    spawnSync('fpcalc', [...more, '-length', '120', '-json', file], { encoding: 'utf8', timeout: 60_000 })
      .stdout;
  const items = Uint32Array.from(JSON.parse(run('-raw')).fingerprint as number[]);
  return { compressed: JSON.parse(run()).fingerprint, items };
}

test('from a file and from memory the fingerprint is the same, and another song has another', async () => {
  const file = join(folder, 'song.s16');
  writeFileSync(file, Buffer.from(song.buffer));
  const [fromFile, fromMemory, other] = await Promise.all([
    chromaprintOf(file),
    chromaprintOf(song),
    chromaprintOf(tune(2, 40)),
  ]);
  expect(fromFile).toBe(fromMemory);
  const items = chromaprintItems(fromFile);
  expect(items.length).toBeGreaterThan(280); // 40 s, 8 items a second, less the first window
  expect(items.length).toBeLessThan(325);
  expect(bitErrorRate(items, chromaprintItems(other), 0)).toBeGreaterThan(0.3);
});

test.skipIf(!hasFpcalc)('is the one that fpcalc computes, but for a few bits', async () => {
  const file = join(folder, 'song.wav');
  writeFileSync(file, wavOf(song, SAMPLE_RATE));
  const reference = fpcalc(file);
  // The decoder agrees with fpcalc's own list of items...
  expect(chromaprintItems(reference.compressed)).toEqual(reference.items);
  // ...and our fingerprint with fpcalc's.
  const ours = chromaprintItems(await chromaprintOf(song));
  expect(Math.abs(ours.length - reference.items.length)).toBeLessThanOrEqual(1);
  expect(bitErrorRate(ours, reference.items, 0)).toBeLessThan(0.01);
});

test('only the first two minutes count', async () => {
  const items = chromaprintItems(await chromaprintOf(tune(3, 150)));
  expect(items.length).toBeLessThan(120 * 8.1);
  expect(items.length).toBeGreaterThan(115 * 8);
});

describe('what cannot be fingerprinted', () => {
  test('too short, missing, or without time', async () => {
    await expect(chromaprintOf(new Int16Array(8_000))).rejects.toMatchObject({ code: 'no_fingerprint' });
    await expect(chromaprintOf(join(folder, 'none'))).rejects.toMatchObject({ code: 'no_fingerprint' });
    await expect(chromaprintOf(song, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'no_fingerprint' });
    await expect(chromaprintOf(song, { rate: 1 })).rejects.toMatchObject({ code: 'no_fingerprint' });
  });

  test('an abort ends it with its reason', async () => {
    await expect(chromaprintOf(song, { signal: AbortSignal.timeout(5) })).rejects.toThrow('timeout');
  });

  test('garbage has no items', () => {
    for (const text of [
      '',
      'AQ',
      'AQAAFF',
      '!!!!',
      Buffer.from([1, 255, 255, 255, 1]).toString('base64url'),
    ]) {
      expect(() => chromaprintItems(text)).toThrow(RangeError);
    }
  });
});

describe('unknown music compared with itself', () => {
  test('a repetition is found, though it begins elsewhere and is noisy; another song is not', async () => {
    const clusters = new UnknownClusters();
    const whole = tune(5, 60);
    clusters.remember(await chromaprintOf(whole), { playId: 'first', durationS: 60, acoustid: 'no_match' });
    clusters.remember(await chromaprintOf(tune(6, 60)), { playId: 'other', durationS: 60 });
    const part = whole.slice(7.3 * SAMPLE_RATE).map((v, i) => v + ((i * 7919) % 601) - 300);
    const again = await chromaprintOf(part);
    expect(clusters.sameAs(again)).toMatchObject({ playId: 'first', acoustid: 'no_match' });
    expect(clusters.sameAs(again, 'first')).toBeUndefined();
    expect(clusters.sameAs(await chromaprintOf(tune(7, 60)))).toBeUndefined();
  });

  test('learns what became of a play, keeps as many as it may, and takes no garbage', async () => {
    const clusters = new UnknownClusters(2);
    const prints = await Promise.all([1, 2, 3].map((seed) => chromaprintOf(tune(seed, 30))));
    for (const [i, print] of prints.entries()) clusters.remember(print, { playId: `${i}`, durationS: 30 });
    clusters.remember(prints[2]!, { playId: '2', durationS: 30, audd: 'no_match' });
    clusters.remember('garbage', { playId: 'x', durationS: 30 });
    expect(clusters.size).toBe(2);
    expect(clusters.sameAs(prints[0]!)).toBeUndefined();
    expect(clusters.sameAs(prints[1]!)).toMatchObject({ playId: '1' });
    expect(clusters.sameAs(prints[2]!)).toMatchObject({ playId: '2', audd: 'no_match' });
    expect(clusters.sameAs('garbage')).toBeUndefined();
  });

  const music = ['1.16', '1.18']
    .map((version) => `/usr/share/games/wesnoth/${version}/data/core/music`)
    .find((path) => existsSync(path));
  const canDecode = music !== undefined && spawnSync('ffmpeg', ['-version']).status === 0;
  if (!canDecode)
    console.warn('SKIPPED: wesnoth-music or ffmpeg is not installed, clusters are not tried on real music');

  test.skipIf(!canDecode)(
    'on real music: MP3 at 48 kbit/s from elsewhere is the same, other pieces are not',
    async () => {
      const files = readdirSync(music!).sort().slice(0, 8);
      const pcm = (input: string, ...options: string[]) => {
        const raw = execFileSync(
          'ffmpeg',
          ['-v', 'error', ...options, '-i', input, '-t', '90', '-ac', '1', '-ar', '8000', '-f', 's16le', '-'],
          { maxBuffer: 50e6, timeout: 30_000 },
        );
        return new Int16Array(raw.buffer, raw.byteOffset, raw.length >> 1).slice();
      };
      const clusters = new UnknownClusters();
      for (const file of files) {
        const print = await chromaprintOf(pcm(join(music!, file)));
        expect(clusters.sameAs(print), `${file} is none of the pieces before it`).toBeUndefined();
        clusters.remember(print, { playId: file, durationS: 90 });
      }
      for (const file of files.slice(0, 4)) {
        const mp3 = join(folder, 'again.mp3');
        execFileSync('ffmpeg', [
          '-v',
          'error',
          '-y',
          '-ss',
          '5.7',
          '-i',
          join(music!, file),
          '-t',
          '80',
          '-b:a',
          '48k',
          mp3,
        ]);
        expect(clusters.sameAs(await chromaprintOf(pcm(mp3)))?.playId).toBe(file);
      }
    },
  );
});
