import { expect, test } from 'vitest';
import { explain } from './command';
import { ConfigError } from './config/config';
import { openDatabase } from './db/database';
import { AppError } from './errors';

test('what the user can do something about is said in French, on a line', () => {
  expect(explain(new AppError('x', 400, { fr: 'Non.', en: 'No.' }))).toBe('Non.');
  expect(explain(new ConfigError(['PORT : un nombre.', 'HOST : vide.']))).toBe(
    'Réglages : PORT : un nombre.\nHOST : vide.',
  );
  expect(explain(new Error('boom'))).toBe('Erreur imprévue : boom');
  expect(explain('boom')).toBe('Erreur imprévue : boom');
});

test.each([
  ['postgres://x:y@127.0.0.1:1/z', 'connexion refusée'],
  ['postgres://x:y@localhost:1/z', 'connexion refusée'],
  ['postgres://x:y@nowhere.invalid/z', 'introuvable'],
])('a database that is not there: %s', async (url, message) => {
  const knex = openDatabase(url);
  const error = await knex.raw('SELECT 1').catch((failure) => failure);
  expect(explain(error)).toContain(message);
  expect(explain(error).split('\n')).toHaveLength(1);
  await knex.destroy();
});
