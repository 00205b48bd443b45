import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeAudio } from '../../test/support/audio';
import { runCommand, startCommand } from '../../test/support/command';
import { freshDatabase, ownServer } from '../../test/support/database';
import { tune } from '../../test/support/music';
import { openDatabase } from '../db/database';
import { startEmbedded } from '../db/embedded/server';
import { LibraryStore } from './store';

const PROGRAM = 'src/library/import-command';
let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  folder = mkdtempSync(join(tmpdir(), 'library-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

function song(path: string, seed: number, durationS = 6): void {
  writeFileSync(path, encodeAudio('wav', { samples: tune(seed, durationS, 22_050) }));
}

describe('npm run library:import', { timeout: 300_000 }, () => {
  const environment = () => ({ DATABASE_URL: database.url, INIT_CWD: folder });
  const run = (...args: string[]) => runCommand(PROGRAM, args, environment());

  test('imports, goes on after kill -9, lists what it refuses, and does nothing twice', async () => {
    const count = 30;
    for (let i = 0; i < count; i++) song(join(folder, `${i}.wav`), i, 20);
    writeFileSync(join(folder, 'cassé.mp3'), 'rien');
    writeFileSync(join(folder, 'notes.txt'), 'rien');
    const store = new LibraryStore(database.knex);

    const killed = startCommand(PROGRAM, ['.'], environment());
    await expect
      .poll(async () => (await store.counts()).tracks, { interval: 5, timeout: 60_000 })
      .toBeGreaterThan(2);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const { tracks } = await store.counts();
    expect(tracks).toBeLessThan(count);

    const resumed = await run('.');
    expect(resumed.stderr).toBe('');
    expect(resumed.status).toBe(1);
    const lines = resumed.stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^31 fichiers audio \(1 autre laissé de côté\), \d+ cœurs?\.$/);
    // What the killed one had sent to the database may have been written after we counted.
    const [, imported, known] = /: (\d+) importés, (\d+) déjà là, 1 refusé\.$/.exec(lines.at(-3)!)!;
    expect(Number(known)).toBeGreaterThanOrEqual(tracks);
    expect(Number(imported) + Number(known)).toBe(count);
    expect(lines.slice(-2)).toEqual([
      'Refusés :',
      `  ${join(folder, 'cassé.mp3')} : Fichier audio illisible : format inconnu ou fichier abîmé.`,
    ]);
    // Every track is whole.
    expect(await store.counts()).toMatchObject({ tracks: count });
    expect(await database.knex('fingerprints').pluck('track_id')).toHaveLength(count);
    expect(await database.knex('reference_files').pluck('track_id')).toHaveLength(count);

    rmSync(join(folder, 'cassé.mp3'));
    const again = await run(folder);
    expect(again.status).toBe(0);
    expect(again.stdout).toContain(`0 importé, ${count} déjà là, 0 refusé.`);
  });

  test('Ctrl-C finishes what is begun, and says how to go on', async () => {
    const long = mkdtempSync(join(tmpdir(), 'library-long-'));
    for (let i = 0; i < 24; i++) song(join(long, `${i}.wav`), 100 + i, 30);
    const store = new LibraryStore(database.knex);
    const before = (await store.counts()).tracks;
    const command = startCommand(PROGRAM, [long], environment());
    await expect
      .poll(async () => (await store.counts()).tracks, { interval: 5, timeout: 60_000 })
      .toBeGreaterThan(before);
    command.child.kill('SIGINT');
    const { status, stdout, stderr } = await command.ended;
    expect(stderr).toBe('');
    expect(status).toBe(130);
    expect(stdout).toMatch(/Interrompu : relancer la même commande pour les \d+ restants\./);
    rmSync(long, { recursive: true });
  });

  test('a database that goes away stops it, in two clear lines', async () => {
    const many = mkdtempSync(join(tmpdir(), 'library-many-'));
    for (let i = 0; i < 20; i++) song(join(many, `${i}.wav`), 300 + i, 30);
    const server = await ownServer();
    const command = startCommand(PROGRAM, [many], { DATABASE_URL: server.url });
    const count = async () => Number((await server.knex('tracks').count({ n: '*' }))[0]!.n);
    await expect.poll(count, { interval: 5, timeout: 60_000 }).toBeGreaterThan(0);
    await server.kill();
    const { status, stderr } = await command.ended;
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([
      "L'importation s'est arrêtée. Ce qui est importé est gardé : relancer la même commande ensuite.",
      expect.stringMatching(/^Impossible : .*base de données/),
    ]);
    await server.destroy();
    rmSync(many, { recursive: true });
  });

  test('what cannot be done is one line', async () => {
    expect((await run()).stderr).toMatch(/^Usage : /);
    const none = await run('nulle-part');
    expect(none).toMatchObject({ status: 2, stderr: 'Aucun fichier audio à importer ici.\n' });
    expect(none.stdout).toContain('nulle-part : introuvable');
    const wrong = await runCommand(PROGRAM, ['.'], { DATABASE_URL: 'mysql://x', INIT_CWD: folder });
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^Réglages : DATABASE_URL : .*\n$/),
    });
  });

  test('with the embedded database: uses the running one and leaves it running', async () => {
    const data = mkdtempSync(join(tmpdir(), 'library-data-'));
    const few = mkdtempSync(join(tmpdir(), 'library-few-'));
    song(join(few, 'a.wav'), 200);
    const server = await startEmbedded(join(data, 'postgres'));
    const knex = openDatabase(server.url, { poolSize: 1 });
    await knex.raw('SELECT 1');
    const { status, stderr } = await runCommand(PROGRAM, [few], { DATA_DIR: data });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await new LibraryStore(knex).counts()).toEqual({ tracks: 1, artists: 0 });
    await knex.destroy();
    await server.stop();
    rmSync(data, { recursive: true });
    rmSync(few, { recursive: true });
  });
});
