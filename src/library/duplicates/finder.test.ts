import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeAudio } from '../../../test/support/audio';
import { freshDatabase } from '../../../test/support/database';
import { tune } from '../../../test/support/music';
import { fingerprintOf } from '../../recognition/local/fingerprint';
import { FINGERPRINT_VERSION } from '../../recognition/local/params';
import { AnalyserPool } from '../analyser/pool';
import { Importer } from '../importer';
import { LibraryStore } from '../store';
import { ThreadedDuplicateFinder } from './finder';
import { LayeredIndex } from './layered-index';

const fingerprint = (seed: number) => fingerprintOf(tune(seed, 25, 8_000));

test('a layered index finds everything it was given, early and late', () => {
  const index = new LayeredIndex();
  const prints = Array.from({ length: 11 }, (_, seed) => fingerprint(seed));
  for (const [trackId, print] of prints.entries()) {
    expect(index.find(print)).toBeUndefined();
    index.add([{ trackId, fingerprint: print }]);
    expect(index.size).toBe(trackId + 1);
  }
  expect(prints.map((print) => index.find(print)?.trackId)).toEqual([...prints.keys()]);
  index.add([{ trackId: 99, fingerprint: { ...prints[0]!, checksum: 1 } }]);
  expect(index.size).toBe(11);
});

describe('an import', { timeout: 300_000 }, () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let store: LibraryStore;
  let folder: string;
  const analyser = new AnalyserPool({ processes: 2 });

  beforeAll(async () => {
    database = await freshDatabase();
    store = new LibraryStore(database.knex);
    folder = mkdtempSync(join(tmpdir(), 'duplicates-'));
  });
  afterAll(async () => {
    await analyser.stop();
    rmSync(folder, { recursive: true });
    await database.drop();
  });

  function song(name: string, format: 'mp3' | 'vorbis' | 'wav', seed: number, durationS: number): string {
    const path = join(folder, name);
    const samples = tune(seed, durationS, format === 'wav' ? 22_050 : 44_100);
    writeFileSync(path, encodeAudio(format, { samples }));
    return path;
  }

  test('sees the same recording in other formats, in the library and in the same run, and nothing else', async () => {
    const old = song('old.wav', 'wav', 1, 40);
    const bare = new Importer({ store, analyser, version: FINGERPRINT_VERSION });
    const { trackId: oldId } = await bare.importFile(old, { source: 'import' });

    const duplicates = await ThreadedDuplicateFinder.load(store.fingerprints(FINGERPRINT_VERSION));
    const importer = new Importer({ store, analyser, version: FINGERPRINT_VERSION, duplicates });
    const paths = [
      song('old.mp3', 'mp3', 1, 40),
      song('new.mp3', 'mp3', 2, 40),
      song('new.ogg', 'vorbis', 2, 40),
      song('edit.mp3', 'mp3', 2, 25),
      song('other.mp3', 'mp3', 3, 40),
    ];
    // In turn, so that it is known which of two is the first; the importer itself takes them at once as well.
    const results = [];
    for (const path of paths) results.push(await importer.importFile(path, { source: 'import' }));
    const [copy, fresh, twin, edit, other] = results;
    expect(copy).toMatchObject({ status: 'duplicate', duplicateOf: oldId });
    expect(fresh).toMatchObject({ status: 'imported' });
    expect(twin).toMatchObject({ status: 'duplicate', duplicateOf: fresh!.trackId });
    expect(edit).toMatchObject({ status: 'imported' });
    expect(edit!.warnings).toEqual([expect.stringContaining(`même musique que le n° ${fresh!.trackId}`)]);
    expect(other).toMatchObject({ status: 'imported', warnings: [] });
    expect((await store.get(oldId))!.duplicates).toEqual([copy!.trackId]);

    const both = [song('x.mp3', 'mp3', 4, 40), song('x.ogg', 'vorbis', 4, 40)];
    const together = await Promise.all(both.map((path) => importer.importFile(path, { source: 'import' })));
    expect(together.map(({ status }) => status).sort()).toEqual(['duplicate', 'imported']);
    await duplicates.stop();
    await expect(duplicates.find(fingerprint(1))).rejects.toThrow('ended');
  });
});
