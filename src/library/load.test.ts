import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeAudio } from '../../test/support/audio';
import { freshDatabase } from '../../test/support/database';
import { tune } from '../../test/support/music';
import { LocalRecognizer } from '../recognition/local/recognizer';
import { AnalyserPool } from './analyser/pool';
import { loadLibrary } from './load';
import { importSimulated } from './simulated';
import { LibraryStore } from './store';

const lines: string[] = [];
const log = pino({ base: null }, { write: (line) => lines.push(line) });
let database: Awaited<ReturnType<typeof freshDatabase>>;
let store: LibraryStore;
let recogniser: LocalRecognizer;
let analyser: AnalyserPool;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  store = new LibraryStore(database.knex);
  recogniser = new LocalRecognizer({ threads: 1, log, onReport: () => undefined });
  analyser = new AnalyserPool({ processes: 1 });
  folder = mkdtempSync(join(tmpdir(), 'load-'));
});
afterAll(async () => {
  await recogniser.stop();
  await analyser.stop();
  rmSync(folder, { recursive: true });
  await database.drop();
});

test('fingerprints of an older version are told, not compared, and renewed by the same files', async () => {
  const files = [1, 2].map((seed) => {
    const path = join(folder, `${seed}.wav`);
    writeFileSync(path, encodeAudio('wav', { samples: tune(seed, 20, 22_050) }));
    return path;
  });
  const loaded = async () => {
    lines.length = 0;
    return (await loadLibrary(store, recogniser, log)).size;
  };
  await importSimulated(files, { library: store, analyser });
  expect(await loaded()).toBe(2);
  expect(lines.join()).not.toContain('à réimporter');

  await database.knex('fingerprints').update({ version: 1 });
  expect(await loaded()).toBe(0);
  expect(recogniser.stats().tracks).toBe(0);
  const warning = JSON.parse(lines.find((line) => line.includes('à réimporter'))!);
  expect(warning).toMatchObject({ level: 40, tracks: 2 });

  await importSimulated(files, { library: store, analyser });
  expect(await store.counts()).toMatchObject({ tracks: 2 });
  expect(await loaded()).toBe(2);
  expect(lines.join()).not.toContain('à réimporter');
});
