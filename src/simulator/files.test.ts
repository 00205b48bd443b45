import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flacFile } from './encode/flac-file';
import { decodeSong, songsOf } from './files';
import { synthesiseMusic } from './synth/music';

const folder = mkdtempSync(join(tmpdir(), 'sodav-songs-'));
const music = synthesiseMusic('file', 31.2);

beforeAll(() => {
  mkdirSync(join(folder, 'album'));
  const tags = [
    ['TITLE', 'Premier'],
    ['ARTIST', 'Ensemble'],
  ] as const;
  writeFileSync(join(folder, 'album', 'b.flac'), flacFile(music, tags));
  writeFileSync(join(folder, 'c.flac'), flacFile(music, []));
  writeFileSync(join(folder, 'short.flac'), flacFile(music.subarray(0, 240_000), []));
  writeFileSync(join(folder, 'broken.mp3'), 'not a song');
  writeFileSync(join(folder, 'notes.txt'), 'not audio');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the songs of a folder, with their tags; what is short or no song is left out', () => {
  expect(songsOf(folder, 'track')).toEqual([
    {
      key: 't001',
      kind: 'track',
      title: 'Premier',
      artists: ['Ensemble'],
      durationMs: 31_200,
      path: join(folder, 'album', 'b.flac'),
    },
    { key: 't002', kind: 'track', title: 'c', artists: [], durationMs: 31_200, path: join(folder, 'c.flac') },
  ]);
});

test('a song is decoded sample by sample, exactly as long as asked', () => {
  const path = join(folder, 'c.flac');
  expect(decodeSong(path, 31_200)).toEqual(music);
  expect(decodeSong(path, 10_008)).toEqual(music.subarray(0, 240_192));
  expect(decodeSong(path, 32_400).subarray(music.length)).toEqual(new Int16Array(28_800));
});

test('a link to a song is the song', () => {
  const links = join(folder, 'links');
  mkdirSync(links);
  symlinkSync(join(folder, 'c.flac'), join(links, 'd.flac'));
  symlinkSync(join(folder, 'gone.flac'), join(links, 'e.flac'));
  expect(songsOf(links, 'track')).toMatchObject([{ title: 'd', durationMs: 31_200 }]);
  rmSync(links, { recursive: true });
});

test('a folder without a song is refused', () => {
  mkdirSync(join(folder, 'empty'), { recursive: true });
  expect(() => songsOf(join(folder, 'empty'), 'track')).toThrow(/aucune chanson/);
});
