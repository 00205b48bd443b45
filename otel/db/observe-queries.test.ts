import knex from 'knex';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database';
import { type Exposition, scrape } from '../../test/support/telemetry';
import { describeSql, observeQueries } from './observe-queries';

type Database = Awaited<ReturnType<typeof freshDatabase>>;
let database: Database;

beforeAll(async () => {
  database = await freshDatabase();
  observeQueries(database.knex);
});
afterAll(() => database.drop());

function counts(exposition: Exposition): Record<string, number> {
  return Object.fromEntries(
    exposition
      .samples('sodav_db_query_duration_seconds_count')
      .map(({ labels: { operation, table }, value }) => [`${operation} ${table}`, value]),
  );
}

/** What `run` adds to the histogram's counts, by "operation table". */
async function added(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = counts(await scrape());
  await run();
  const after = counts(await scrape());
  return Object.fromEntries(
    Object.entries(after)
      .map(([key, n]) => [key, n - (before[key] ?? 0)] as const)
      .filter(([, n]) => n !== 0),
  );
}

describe('every query of knex, under its operation and table', () => {
  test('built queries', async () => {
    const db = database.knex;
    const result = await added(async () => {
      await db('artists').insert({ name: 'A', name_key: 'a' });
      await db('artists').insert({ name: 'A', name_key: 'a' }).onConflict('name_key').ignore();
      await db('artists').where({ name_key: 'a' }).update({ name: 'B' });
      await db('artists').select();
      await db('artists').first();
      await db('artists').pluck('name');
      await db('artists').count();
      await db.from('artists as a').join('track_artists as ta', 'ta.artist_id', 'a.id').select('a.id');
      await db('artists').where({ name_key: 'a' }).del();
      await db.withSchema('public').from('tracks').select();
      await db.select(db.raw('1'));
    });
    expect(result).toEqual({
      'insert artists': 2,
      'update artists': 1,
      'select artists': 5,
      'delete artists': 1,
      'select tracks': 1,
      'select none': 1,
    });
  });

  test('raw SQL', async () => {
    const db = database.knex;
    const result = await added(async () => {
      await db.raw('SELECT count(*) FROM tracks WHERE title = ?', ['from artists']);
      await db.raw('INSERT INTO artists (name, name_key) VALUES (?, ?)', ['C', 'c']);
      await db.raw('WITH gone AS (DELETE FROM artists RETURNING *) SELECT count(*) FROM gone');
      await db.raw('SELECT 1');
      await db.raw('SET statement_timeout = 1000');
    });
    expect(result).toEqual({
      'select tracks': 1,
      'insert artists': 1,
      'select artists': 1,
      'select none': 1,
      'other none': 1,
    });
  });

  test('transactions, nested ones too', async () => {
    const db = database.knex;
    const result = await added(async () => {
      await db.transaction(async (trx) => {
        await trx('artists').insert({ name: 'D', name_key: 'd' });
        await trx.raw('SELECT * FROM artists FOR UPDATE');
        await trx.transaction(async (nested) => {
          await nested('artists').select();
        });
      });
      await db
        .transaction(async (trx) => {
          await trx('artists').del();
          throw new Error('back');
        })
        .catch(() => undefined);
    });

    expect(result).toEqual({
      'insert artists': 1,
      'select artists': 2,
      'delete artists': 1,
    });
    expect(await db('artists').where({ name_key: 'd' }).count()).toEqual([{ count: '1' }]);
  });

  test('errors count as what they were', async () => {
    const db = database.knex;
    const result = await added(async () => {
      await expect(db('artists').insert({ name: 'E', name_key: null })).rejects.toThrow();
      await expect(db('nowhere').select()).rejects.toThrow();
      await expect(db.raw('UPDATE tracks SET nothing = 1')).rejects.toThrow();
    });
    expect(result).toEqual({ 'insert artists': 1, 'select nowhere': 1, 'update tracks': 1 });
  });

  test('a wait for a connection that comes to nothing counts with its time', async () => {
    const small = knex({
      client: 'pg',
      connection: database.url,
      pool: { min: 0, max: 1 },
      acquireConnectionTimeout: 150,
    });
    observeQueries(small);
    const held = await small.transaction();
    try {
      const before = await scrape();
      const result = await added(() =>
        expect(small('plays').select()).rejects.toThrow(/Timeout acquiring a connection/),
      );
      expect(result).toEqual({ 'select plays': 1 });
      const labels = { operation: 'select', table: 'plays' };
      const after = await scrape();
      const spent =
        after.sum('sodav_db_query_duration_seconds_sum', labels) -
        before.sum('sodav_db_query_duration_seconds_sum', labels);
      expect(spent).toBeGreaterThan(0.14);
    } finally {
      await held.rollback();
      await small.destroy();
    }
  });

  test('a database that cannot be reached', async () => {
    const nowhere = knex({
      client: 'pg',
      connection: 'postgres://127.0.0.1:1/none',
      pool: { min: 0, max: 1 },
    });
    observeQueries(nowhere);
    const result = await added(() => expect(nowhere('tracks').insert({})).rejects.toThrow(/ECONNREFUSED/));
    await nowhere.destroy();
    expect(result).toEqual({ 'insert tracks': 1 });
  });

  test('the same builder run twice counts twice', async () => {
    const query = database.knex('stations').select();
    const result = await added(async () => {
      await query;
      await query;
    });
    expect(result).toEqual({ 'select stations': 2 });
  });

  test('concurrent queries are all there', async () => {
    const result = await added(() =>
      Promise.all(Array.from({ length: 50 }, () => database.knex('stations').select())),
    );
    expect(result).toEqual({ 'select stations': 50 });
  });

  test('made-up table names cannot grow the label without end', async () => {
    await Promise.all(
      Array.from({ length: 130 }, (_, i) =>
        database
          .knex(`made_up_${i}`)
          .select()
          .catch(() => undefined),
      ),
    );
    const tables = new Set(
      (await scrape()).samples('sodav_db_query_duration_seconds_count').map(({ labels }) => labels.table),
    );
    expect(tables.has('other')).toBe(true);
    expect(tables.size).toBeLessThan(115);
  });
});

test.each([
  ['select * from "public"."tracks" as t', 'select tracks'],
  ['  -- a note\n DELETE FROM plays WHERE id = 1', 'delete plays'],
  ["SELECT 'from x' AS y", 'select none'],
  ['SELECT extract(epoch FROM now())', 'select none'],
  ['SELECT * FROM generate_series(1, 3)', 'select none'],
  ['SELECT extract(epoch FROM started_at), a IS DISTINCT FROM b FROM plays', 'select plays'],
  ['INSERT INTO plays(id) VALUES (1)', 'insert plays'],
  ['WITH a AS (SELECT * FROM tracks) INSERT INTO plays SELECT * FROM a', 'insert plays'],
  ['UPDATE ONLY stations SET paused = true', 'update stations'],
  ['BEGIN', 'transaction none'],
  ['', 'other none'],
])('%s → %s', (sql, expected) => {
  const { operation, table } = describeSql(sql);
  expect(`${operation} ${table}`).toBe(expected);
});
