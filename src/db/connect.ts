import { join } from 'node:path';
import type { Knex } from 'knex';
import { openDatabase } from './database';
import { startEmbedded } from './embedded/server';

export interface Connection {
  readonly knex: Knex;
  readonly embedded: boolean;
  /** The embedded server's process, to be counted as ours. */
  readonly pid?: number;
  close(): Promise<void>;
}

/** The configured database, or the embedded one. Nothing is migrated here. */
export async function connect(config: {
  readonly databaseUrl: string | undefined;
  readonly databasePool: number;
  readonly dataDir: string;
}): Promise<Connection> {
  const poolSize = config.databasePool;
  if (config.databaseUrl !== undefined) {
    const knex = openDatabase(config.databaseUrl, { poolSize });
    return { knex, embedded: false, close: () => knex.destroy() };
  }
  const server = await startEmbedded(join(config.dataDir, 'postgres'));
  const knex = openDatabase(server.url, { poolSize });
  return {
    knex,
    embedded: true,
    pid: server.pid,
    async close() {
      await knex.destroy();
      await server.stop();
    },
  };
}
