import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../test/support/command';
import { freshDatabase } from '../../test/support/database';
import { StationStore } from './store';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let folder: string;
beforeAll(async () => {
  database = await freshDatabase();
  folder = mkdtempSync(join(tmpdir(), 'stations-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}
const run = (...args: string[]) =>
  runCommand('src/stations/import-command', args, { DATABASE_URL: database.url, INIT_CWD: folder });

test('stations come in from a file, and again with changes', async () => {
  const first = await run(file('a.csv', 'nom;url;ville\nA;http://a/;Dakar\nB;http://b/;Thiès\n'));
  expect(first).toEqual({
    ...{ status: 0, stderr: '' },
    stdout: 'Colonnes laissées de côté : ville.\nStations : 2 ajoutées, 0 changées, 0 inchangées.\n',
  });
  // A and B exchange their addresses, C is new.
  const second = await run(
    file(
      'b.json',
      '[{"name":"A","url":"http://b/"},{"nom":"b","flux":"http://a/"},{"nom":"C","url":"http://c/"}]',
    ),
  );
  expect(second).toMatchObject({ status: 0, stdout: 'Stations : 1 ajoutées, 2 changées, 0 inchangées.\n' });
  const stations = await new StationStore(database.knex).list();
  expect(stations.map(({ name, url }) => [name, url])).toEqual([
    ['A', 'http://b/'],
    ['b', 'http://a/'],
    ['C', 'http://c/'],
  ]);
});

test('one error, and nothing is changed; every error has its line', async () => {
  const before = await new StationStore(database.knex).list();
  const refused = await run(file('c.csv', 'nom;url\nNeuve;http://neuve/\n;http://x/\nY;ftp://y/\n'));
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr.trim().split('\n')).toEqual([
    `${join(folder, 'c.csv')} : rien n'a été changé, 2 erreurs :`,
    '  ligne 3 : le nom doit avoir de 1 à 100 caractères',
    "  ligne 4 : l'adresse doit commencer par http:// ou https://",
  ]);
  const taken = await run(file('d.csv', 'nom;url\nZ;http://c/\n'));
  expect(taken.stderr).toContain("ligne 2 : l'adresse http://c/ est déjà celle de la station « C »");
  expect(taken.status).toBe(1);
  expect(await new StationStore(database.knex).list()).toEqual(before);
});

test('what cannot be done is one line', async () => {
  expect(await run('none.csv')).toEqual({
    ...{ status: 2, stdout: '', stderr: `${join(folder, 'none.csv')} : ce fichier n'existe pas.\n` },
  });
  expect((await run()).stderr).toMatch(/^Usage : /);
  const environment = { DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z', INIT_CWD: folder };
  const away = await runCommand(
    'src/stations/import-command',
    [file('e.csv', 'nom;url\nA;http://a/')],
    environment,
  );
  expect(away).toEqual({
    ...{
      status: 2,
      stdout: '',
      stderr: 'Impossible : la base de données ne répond pas (connexion refusée).\n',
    },
  });
});
