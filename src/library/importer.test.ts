import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AudioFormat, encodeAudio } from '../../test/support/audio';
import { freshDatabase } from '../../test/support/database';
import { tune } from '../../test/support/music';
import { FINGERPRINT_VERSION } from '../recognition/local/params';
import { AnalyserPool } from './analyser/pool';
import { importFiles } from './folder-import';
import { Importer } from './importer';
import { LibraryStore } from './store';
import { listAudio } from './walk';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: LibraryStore;
let pool: AnalyserPool;
let importer: Importer;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  store = new LibraryStore(database.knex);
  pool = new AnalyserPool({ processes: 2 });
});
afterAll(async () => {
  await pool.stop();
  await database.drop();
});
beforeEach(async () => {
  await database.knex.raw('TRUNCATE tracks, artists CASCADE');
  importer = new Importer({ store, analyser: pool, version: FINGERPRINT_VERSION });
  folder = mkdtempSync(join(tmpdir(), 'import-'));
  return () => rmSync(folder, { recursive: true });
});

const RATES = { mp3: 44_100, vorbis: 44_100, flac: 44_100, m4a: 44_100, wav: 22_050 } as const;

function song(
  name: string,
  format: keyof typeof RATES & AudioFormat,
  seed: number,
  tags?: Record<string, string>,
) {
  const path = join(folder, name);
  const samples = tune(seed, 6, RATES[format]);
  writeFileSync(path, encodeAudio(format, { samples, ...(tags ? { tags } : {}) }));
  return path;
}

const importAll = async () => importFiles({ files: (await listAudio(folder)).files, importer, parallel: 3 });

describe('a file', () => {
  test('becomes a track with its tags and fingerprint', async () => {
    const path = song('a.mp3', 'mp3', 1, {
      ...{ title: 'Birima', artist: 'Youssou N’Dour feat. Neneh', album: 'Joko', publisher: 'Sony' },
      TSRC: 'FR-Z03-14-00123',
    });
    const result = await importer.importFile(path, { source: 'import' });
    expect(result).toMatchObject({ created: true, status: 'imported', title: 'Birima', warnings: [] });
    const track = (await store.get(result.trackId))!;
    expect(track).toMatchObject({
      ...{ title: 'Birima', artists: ['Youssou N’Dour', 'Neneh'], album: 'Joko', label: 'Sony' },
      ...{ isrc: 'FRZ031400123', source: 'import', fingerprinted: true },
    });
    expect(track.durationS).toBeGreaterThan(5.9);
    expect(track.durationS).toBeLessThan(6.2);
  });

  test.each(['vorbis', 'flac', 'm4a'] as const)('in %s too', async (format) => {
    const path = song(`x.${format}`, format, 2, { title: 'Titre', artist: 'Qui' });
    const { trackId } = await importer.importFile(path, { source: 'import' });
    expect(await store.get(trackId)).toMatchObject({ title: 'Titre', artists: ['Qui'] });
  });

  test('that was uploaded is called by its own name, not by the temporary one', async () => {
    const path = song('upload-123', 'wav', 3);
    const options = { originalName: '../../01 - Mon chant.wav', source: 'upload' } as const;
    const { trackId, created } = await importer.importFile(path, options);
    expect(created).toBe(true);
    expect(await store.get(trackId)).toMatchObject({ title: 'Mon chant', artists: [], source: 'upload' });
    expect(await database.knex('reference_files').pluck('path')).toEqual(['01 - Mon chant.wav']);
    expect(await importer.importFile(path, options)).toMatchObject({
      trackId,
      created: false,
      status: 'known',
    });
  });

  test('with a wrong ISRC is imported without one, and says so', async () => {
    const path = song('a.mp3', 'mp3', 1, { title: 'x', TSRC: 'nimporte' });
    const { trackId, warnings } = await importer.importFile(path, { source: 'import' });
    expect(warnings).toHaveLength(1);
    expect(await store.get(trackId)).not.toHaveProperty('isrc');
  });

  test('that is no music is refused with its reason', async () => {
    const text = join(folder, 'text.mp3');
    writeFileSync(text, 'ceci est un texte\n'.repeat(500));
    const silence = join(folder, 'silence.wav');
    writeFileSync(silence, encodeAudio('wav', { samples: new Int16Array(22_050 * 6) }));
    const refusal = (path: string) =>
      importer.importFile(path, { source: 'upload' }).then(
        () => 'imported',
        ({ code, status, phrase }) => `${code} ${status} ${phrase.fr}`,
      );
    expect(await refusal(text)).toMatch(/^unreadable_audio 422 /);
    expect(await refusal(silence)).toMatch(/^unreadable_audio 422 .*silence/);
    expect(await refusal(join(folder, 'none.mp3'))).toMatch(/^unreadable_file 422 .*n'existe plus/);
    expect(await refusal(folder)).toMatch(/^unreadable_file 422 .*dossier/);
    expect(await store.counts()).toEqual({ tracks: 0, artists: 0 });
  });

  test('of an older version of the fingerprint gets the new one', async () => {
    const path = song('a.wav', 'wav', 4);
    const { trackId } = await importer.importFile(path, { source: 'import' });
    await database.knex('fingerprints').update({ version: 0 });
    expect(await importer.importFile(path, { source: 'import' })).toMatchObject({
      trackId,
      status: 'refreshed',
    });
    expect(await database.knex('fingerprints').orderBy('version').pluck('version')).toEqual([
      0,
      FINGERPRINT_VERSION,
    ]);
  });

  test('that sounds like another becomes its duplicate, also when both come at once', async () => {
    const added: number[] = [];
    importer = new Importer({
      ...{ store, analyser: pool, version: FINGERPRINT_VERSION },
      duplicates: {
        find: async () => (added[0] === undefined ? undefined : { trackId: added[0], offsetS: 0 }),
        added: (trackId) => void added.push(trackId),
      },
    });
    const paths = [song('a.flac', 'flac', 5), song('b.mp3', 'mp3', 5), song('c.vorbis', 'vorbis', 5)];
    const results = await Promise.all(paths.map((path) => importer.importFile(path, { source: 'import' })));
    expect(results.map(({ status }) => status).sort()).toEqual(['duplicate', 'duplicate', 'imported']);
    const root = results.find(({ status }) => status === 'imported')!.trackId;
    expect((await store.get(root))!.duplicates).toHaveLength(2);
  });
});

describe('a folder', () => {
  test('is walked whole; names, links and what is no audio are dealt with', async () => {
    mkdirSync(join(folder, 'b'));
    for (const name of ['z.MP3', 'b/a.ogg', 'b/cover.jpg', '._z.mp3', 'notes.txt']) {
      writeFileSync(join(folder, name), 'x');
    }
    symlinkSync(folder, join(folder, 'b', 'loop'));
    symlinkSync(join(folder, 'nowhere.mp3'), join(folder, 'broken.mp3'));
    const { files, others, problems } = await listAudio(folder);
    expect(files.map(({ path }) => path.slice(folder.length))).toEqual(['/b/a.ogg', '/z.MP3']);
    expect(others).toBe(2);
    expect(problems).toEqual([{ path: join(folder, 'broken.mp3'), reason: 'introuvable' }]);
  });

  test('is imported once, the same bytes once, and what is unreadable is listed', async () => {
    for (let i = 0; i < 5; i++) song(`${i}.wav`, 'wav', 10 + i, { title: `t${i}` });
    copyFileSync(join(folder, '0.wav'), join(folder, 'copy.wav'));
    writeFileSync(join(folder, 'bad.mp3'), 'rien');
    const first = await importAll();
    expect(first.counts).toEqual({ imported: 5, duplicate: 0, known: 1, refreshed: 0 });
    expect(first.problems).toEqual([
      { path: join(folder, 'bad.mp3'), reason: expect.stringContaining('illisible') },
    ]);
    expect(first.audioS).toBeCloseTo(30, 0);
    expect(first.doneBytes).toBe(first.totalBytes);
    const second = await importAll();
    expect(second.counts).toEqual({ imported: 0, duplicate: 0, known: 6, refreshed: 0 });
    expect(await store.counts()).toMatchObject({ tracks: 5 });
  });

  test('stops begun work nowhere in the middle when interrupted', async () => {
    for (let i = 0; i < 6; i++) song(`${i}.wav`, 'wav', 20 + i);
    const interruption = new AbortController();
    const progress = await importFiles({
      ...{ files: (await listAudio(folder)).files, importer, parallel: 2, signal: interruption.signal },
      onProgress: () => interruption.abort(),
    });
    expect(progress.done).toBeLessThan(6);
    expect((await store.counts()).tracks).toBe(progress.done);
  });

  test('a failure that is not the file’s ends it', async () => {
    song('a.wav', 'wav', 30);
    const broken = {
      importFile: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
    };
    const { files } = await listAudio(folder);
    await expect(importFiles({ files, importer: broken, parallel: 2 })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});

describe('the processes that read files', () => {
  test('one that is killed costs its file only', async () => {
    const own = new AnalyserPool({ processes: 1 });
    const path = song('long.wav', 'wav', 40);
    const first = own.analyse(path);
    await expect.poll(() => own.pids()).toHaveLength(1);
    process.kill(own.pids()[0]!, 'SIGKILL');
    await expect(first).rejects.toMatchObject({ code: 'unreadable_audio', status: 422 });
    expect((await own.analyse(path)).durationS).toBeCloseTo(6, 0);
    await own.stop();
    expect(own.pids()).toEqual([]);
    await expect(own.hash(path)).rejects.toMatchObject({ code: 'import_interrupted' });
  });

  test('a file that takes too long is given up', async () => {
    const own = new AnalyserPool({ processes: 1, timeoutMs: 5 });
    const path = song('a.wav', 'wav', 41);
    await expect(own.analyse(path)).rejects.toMatchObject({
      phrase: { fr: expect.stringContaining('délai') },
    });
    await own.stop();
  });

  test('end when there is nothing to do, and start again', async () => {
    const own = new AnalyserPool({ processes: 1, idleMs: 50 });
    const path = song('a.wav', 'wav', 42);
    await own.hash(path);
    const [pid] = own.pids();
    await expect.poll(() => own.pids()).toEqual([]);
    await own.hash(path);
    expect(own.pids()[0]).not.toBe(pid);
    await own.stop();
  });
});
