import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderMetrics, shutdownTelemetry, startTelemetry } from '../../otel/telemetry';
import { encodeAudio } from '../../test/support/audio';
import { type OwnServer, ownServer } from '../../test/support/database';
import { tune } from '../../test/support/music';
import { FINGERPRINT_VERSION } from '../recognition/local/params';
import { AnalyserPool } from './analyser/pool';
import { observeLibrary } from './collector';
import { Importer } from './importer';
import { LibraryStore } from './store';

let server: OwnServer;
beforeAll(async () => {
  startTelemetry();
  server = await ownServer();
});
afterAll(async () => {
  await shutdownTelemetry();
  await server.destroy();
});

/** The lines of one metric in a fresh scrape. */
async function lines(name: string): Promise<string[]> {
  const text = await renderMetrics({ fresh: true });
  return text.split('\n').filter((line) => line.startsWith(name));
}

test('the library is counted, and not counted while the database is away', async () => {
  const store = new LibraryStore(server.knex);
  const remove = observeLibrary(store);
  const { trackId } = await store.addRecording({ title: 'a', artists: ['A', 'B'], source: 'import' });
  await store.addRecording({ title: 'b', artists: ['A'], source: 'import', sameAs: trackId });
  expect(await lines('sodav_track_count')).toEqual(['sodav_track_count 2']);
  expect(await lines('sodav_artist_count')).toEqual(['sodav_artist_count 2']);
  await server.stop();
  expect(await lines('sodav_track_count')).toEqual([]);
  expect(await lines('sodav_artist_count')).toEqual([]);
  expect(await lines('sodav_collector_success{collector="library"}')).toEqual([
    'sodav_collector_success{collector="library"} 0',
  ]);
  await server.start();
  await expect.poll(() => lines('sodav_track_count'), { timeout: 60_000 }).toEqual(['sodav_track_count 2']);
  remove();
});

test('imported files are counted by what became of them, and a refused one is logged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'counted-'));
  const analyser = new AnalyserPool({ processes: 1 });
  const warnings: string[] = [];
  const importer = new Importer({
    ...{ store: new LibraryStore(server.knex), analyser, version: FINGERPRINT_VERSION },
    log: { warn: (_: unknown, message?: string) => void warnings.push(message ?? '') },
  });
  const good = join(folder, 'a.wav');
  writeFileSync(good, encodeAudio('wav', { samples: tune(1, 6, 22_050) }));
  const bad = join(folder, 'b.wav');
  writeFileSync(bad, 'rien');
  await importer.importFile(good, { source: 'upload' });
  await importer.importFile(good, { source: 'upload' });
  await expect(importer.importFile(bad, { source: 'upload' })).rejects.toMatchObject({ status: 422 });
  expect(await lines('sodav_imported_files_total')).toEqual([
    'sodav_imported_files_total{status="imported"} 1',
    'sodav_imported_files_total{status="duplicate"} 1',
    'sodav_imported_files_total{status="unreadable"} 1',
  ]);
  expect(warnings).toEqual([expect.stringMatching(/^Fichier de référence refusé : .*illisible/)]);
  await analyser.stop();
  rmSync(folder, { recursive: true });
});
