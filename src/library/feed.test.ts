import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeAudio } from '../../test/support/audio';
import { runCommand } from '../../test/support/command';
import { freshDatabase } from '../../test/support/database';
import { tune } from '../../test/support/music';
import { systemClock } from '../clock';
import { createLogger } from '../log';
import { FINGERPRINT_VERSION } from '../recognition/local/params';
import { LocalRecognizer } from '../recognition/local/recognizer';
import { AnalyserPool } from './analyser/pool';
import { duplicatesOf } from './duplicates/recogniser-finder';
import { feedRecogniser } from './feed';
import { Importer } from './importer';
import { LibraryStore } from './store';

const log = createLogger({ level: 'silent', format: 'json' });
let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: LibraryStore;
let recogniser: LocalRecognizer;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  store = new LibraryStore(database.knex);
  recogniser = new LocalRecognizer({ threads: 1, log, onReport: () => undefined });
  folder = mkdtempSync(join(tmpdir(), 'feed-'));
});
afterAll(async () => {
  await recogniser.stop();
  rmSync(folder, { recursive: true });
  await database.drop();
});

function song(name: string, seed: number): string {
  const path = join(folder, name);
  const format = name.endsWith('.mp3') ? 'mp3' : 'wav';
  writeFileSync(path, encodeAudio(format, { samples: tune(seed, 30, format === 'mp3' ? 44_100 : 22_050) }));
  return path;
}
const tracks = () => recogniser.stats().tracks;

test('the real recogniser follows the library: command, upload, deletion', { timeout: 300_000 }, async () => {
  const stop = feedRecogniser({
    ...{ knex: database.knex, store, recogniser, clock: systemClock, log },
    version: FINGERPRINT_VERSION,
  });
  song('a.wav', 1);
  song('b.wav', 2);
  const { status } = await runCommand('src/library/import-command', [folder], { DATABASE_URL: database.url });
  expect(status).toBe(0);
  await expect.poll(tracks, { timeout: 60_000 }).toBe(2);

  const analyser = new AnalyserPool({ processes: 1 });
  const importer = new Importer({
    ...{ store, analyser, version: FINGERPRINT_VERSION, duplicates: duplicatesOf(recogniser) },
  });
  const upload = (path: string) => importer.importFile(path, { originalName: 'x.mp3', source: 'upload' });
  const copy = await upload(song('a.mp3', 1));
  expect(copy).toMatchObject({ created: true, status: 'duplicate' });
  const fresh = await upload(song('c.wav', 3));
  expect(fresh).toMatchObject({ status: 'imported' });
  // At once, without waiting for the database's word.
  expect(await upload(song('c.mp3', 3))).toMatchObject({ status: 'duplicate', duplicateOf: fresh.trackId });
  await expect.poll(tracks, { timeout: 60_000 }).toBe(3);

  await store.delete(copy.duplicateOf!);
  await store.delete(copy.trackId);
  await expect.poll(tracks, { timeout: 60_000 }).toBe(2);
  await analyser.stop();
  await stop();
});
