/** The HTTP side under the telemetry's bootstrap, over the database of DATABASE_URL; nothing listens to stations. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../src/clock';
import { openDatabase } from '../../src/db/database';
import { createApp } from '../../src/http/app';
import { listen } from '../../src/http/listen';
import { ensureToken } from '../../src/http/tokens';
import { LibraryStore } from '../../src/library/store';
import { PlayStore } from '../../src/plays/store';
import { StationStore } from '../../src/stations/store';

async function main(): Promise<void> {
  const knex = openDatabase(process.env.DATABASE_URL!, { poolSize: 3 });
  const log = pino({ level: 'silent' });
  const folder = mkdtempSync(join(tmpdir(), 'sodav-http-app-'));
  const path = await ensureToken({ knex, dataDir: folder, log });
  const library = new LibraryStore(knex);
  const app = createApp({
    knex,
    log,
    clock: systemClock,
    settings: {
      host: '127.0.0.1',
      uploadDir: join(folder, 'uploads'),
      links: { prometheus: 'http://localhost:9090', grafana: 'http://localhost:3001' },
      demo: false,
    },
    stations: new StationStore(knex),
    plays: new PlayStore(knex),
    listening: { apply: () => undefined, remove: () => undefined, status: () => undefined },
    library: {
      search: (query) => library.search(query),
      get: (id) => library.get(id),
      delete: (id) => library.delete(id),
      importFile: () => Promise.reject(new Error('this one imports nothing')),
    },
    checks: [],
  });
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  console.log(`token ${readFileSync(path!, 'utf8').trim()}`);
  console.log(`port ${new URL(listener.url).port}`);
  process.once('SIGTERM', async () => {
    await listener.close();
    await knex.destroy();
    process.exit(0);
  });
}

void main();
