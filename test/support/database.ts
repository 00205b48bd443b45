import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { Client } from 'pg';
import { inject } from 'vitest';
import { migrate, openDatabase } from '../../src/db/database';
import { type EmbeddedServer, startEmbedded } from '../../src/db/embedded/server';
import { freePort } from './free-port';

/** A migrated database of its own on the run's real PostgreSQL. */
export async function freshDatabase(): Promise<{ url: string; knex: Knex; drop(): Promise<void> }> {
  const template = new URL(inject('postgresUrl'));
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`);
  const url = new URL(template);
  url.pathname = `/${name}`;
  const knex = openDatabase(url.toString(), { poolSize: 5 });
  return {
    url: url.toString(),
    knex,
    async drop() {
      await knex.destroy();
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function administer(sql: string): Promise<void> {
  const url = new URL(inject('postgresUrl'));
  url.pathname = '/postgres';
  const client = new Client({ connectionString: url.toString() });
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Copies of one template wait for each other.
    await client.query('SELECT pg_advisory_lock(1)');
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A PostgreSQL of a test's own, with fsync on, that the test may stop, kill and start again on the same port. */
export interface OwnServer {
  readonly url: string;
  readonly knex: Knex;
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  destroy(): Promise<void>;
}

export async function ownServer(): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-own-postgres-'));
  // Nobody else gets it while the server is away.
  const port = await freePort();
  let server: EmbeddedServer = await startEmbedded(folder, [], port);
  const { url } = server;
  const knex = openDatabase(url, { poolSize: 5 });
  await migrate(knex);
  const down = async (signal: 'SIGINT' | 'SIGKILL') => {
    process.kill(server.pid, signal);
    const gone = () => {
      try {
        process.kill(server.pid, 0);
        return false;
      } catch {
        return true;
      }
    };
    while (!gone()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return {
    url,
    knex,
    stop: () => down('SIGINT'),
    kill: () => down('SIGKILL'),
    async start() {
      server = await startEmbedded(folder, [], port);
    },
    async destroy() {
      await knex.destroy();
      await down('SIGKILL').catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
