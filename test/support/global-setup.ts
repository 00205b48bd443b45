import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate, openDatabase } from '../../src/db/database';
import { startEmbedded } from '../../src/db/embedded/server';

declare module 'vitest' {
  interface ProvidedContext {
    /** A real PostgreSQL for the whole run; `test/support/database.ts` makes databases on it. */
    postgresUrl: string;
  }
}

/** One real PostgreSQL for all test files, with a migrated template that each copies in a few milliseconds. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-test-postgres-'));
  // Speed only: these data are thrown away. What must survive a crash is tested on servers with fsync on.
  const server = await startEmbedded(folder, ['fsync=off', 'synchronous_commit=off', 'max_connections=300']);
  const knex = openDatabase(server.url);
  await migrate(knex);
  await knex.destroy();
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
