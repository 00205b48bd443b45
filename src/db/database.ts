import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import knex, { type Knex } from 'knex';

const ignore = () => undefined;

/** A pool of connections; nothing is connected before the first query. Sizes in connections. */
export function openDatabase(url: string, options: { poolSize?: number } = {}): Knex {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: 'sodav-monitor',
      connectionTimeoutMillis: 5_000,
      // A query that hangs must not hang the service; the server stops it as well.
      query_timeout: 60_000,
      statement_timeout: 60_000,
      keepAlive: true,
    },
    pool: { min: 0, max: options.poolSize ?? 10, createTimeoutMillis: 8_000 },
    acquireConnectionTimeout: 10_000,
    // What fails is thrown as well, and told by whoever catches it; knex would print it raw between the log's lines.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
  });
}

/** Migrations, named by their file: read from beside this file, compiled or not. */
const migrationSource: Knex.MigrationSource<string> = {
  async getMigrations() {
    return [
      ...new Set(
        readdirSync(join(__dirname, 'migrations'))
          .filter((file) => /^\d{3}-[a-z0-9-]+\.(js|ts)$/.test(file))
          .map((file) => file.replace(/\.(js|ts)$/, '')),
      ),
    ].sort();
  },
  getMigrationName: (name) => name,
  // With its ending: Node's own import() guesses none.
  getMigration: (name) => {
    const path = join(__dirname, 'migrations', name);
    return import(existsSync(`${path}.js`) ? `${path}.js` : `${path}.ts`);
  },
};

/**
 * Brings the schema up to date; several processes may do so at once (one migrates, the others wait).
 * @returns how many migrations were applied now
 */
export async function migrate(database: Knex): Promise<number> {
  const lock = 0x50da; // any constant that only we use
  const connection = await database.client.acquireConnection();
  try {
    await connection.query('SELECT pg_advisory_lock($1)', [lock]);
    const [, applied] = await database.migrate.latest({ migrationSource });
    return (applied as string[]).length;
  } finally {
    await connection.query('SELECT pg_advisory_unlock($1)', [lock]).catch(() => undefined);
    await database.client.releaseConnection(connection);
  }
}
