import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OwnServer, ownServer } from '../../test/support/database';
import { systemClock } from '../clock';
import { openDatabase } from '../db/database';
import { createLogger } from '../log';
import type { Fingerprint } from '../recognition/local/fingerprint';
import { LibraryStore } from './store';
import { type LibraryChange, watchLibrary } from './watch';

const log = createLogger({ level: 'silent', format: 'json' });
const VERSION = 1;

let server: OwnServer;
/** Another process's connections, as those of the import command. */
let other: ReturnType<typeof openDatabase>;
let elsewhere: LibraryStore;

beforeAll(async () => {
  server = await ownServer();
  other = openDatabase(server.url, { poolSize: 3 });
  elsewhere = new LibraryStore(other);
});
afterAll(async () => {
  await other.destroy();
  await server.destroy();
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

function fingerprint(checksum: number, version = VERSION): Fingerprint {
  return { version, durationS: 1, data: new Uint8Array([1, 2, 3, 4]), checksum };
}

let count = 0;
async function add(extra: { sameAs?: number; version?: number } = {}): Promise<number> {
  const { version, ...rest } = extra;
  const added = await elsewhere.addRecording({
    ...{ title: `t${count++}`, artists: [], source: 'import', fingerprint: fingerprint(count, version) },
    ...rest,
  });
  return added.trackId;
}

/** A watcher that keeps an index, the way the service does. */
function watch(onChange: (change: LibraryChange) => void = () => undefined) {
  const index = new Set<number>();
  stops.push(
    watchLibrary({
      ...{ knex: server.knex, version: VERSION, clock: systemClock, log },
      onChange(change) {
        onChange(change);
        for (const id of change.removed) expect(index.delete(id)).toBe(true);
        for (const id of change.added) {
          expect(index.has(id)).toBe(false);
          index.add(id);
        }
      },
    }),
  );
  return index;
}

async function truth(): Promise<number[]> {
  const ids: number[] = [];
  for await (const { trackId } of elsewhere.fingerprints(VERSION)) ids.push(trackId);
  return ids;
}

const holds = (index: Set<number>, ids: readonly number[]) =>
  expect.poll(() => [...index].sort((a, b) => a - b), { timeout: 60_000, interval: 50 }).toEqual(ids);

describe('a watched library', () => {
  test('tells what was there, what comes and what goes, from another process', async () => {
    const first = await add();
    const index = watch();
    await holds(index, [first]);
    const more = await Promise.all(Array.from({ length: 30 }, () => add()));
    const old = await add({ version: VERSION + 1 });
    await holds(index, await truth());
    expect(index.size).toBe(31);
    expect(index.has(old)).toBe(false);
    await elsewhere.delete(more[3]!);
    await holds(index, await truth());
    expect(index.size).toBe(30);
  });

  test('knows duplicates: they enter when the recording they duplicate goes', async () => {
    const root = await add();
    const twin = await add({ sameAs: root });
    const index = watch();
    await holds(index, await truth());
    expect(index.has(twin)).toBe(false);
    await elsewhere.delete(root);
    await expect.poll(() => index.has(twin)).toBe(true);
    expect(index.has(root)).toBe(false);
  });

  test('a changed fingerprint goes out and comes in', async () => {
    const id = await add();
    const changes: LibraryChange[] = [];
    const index = watch((change) => changes.push(change));
    await holds(index, await truth());
    await other('fingerprints').where({ track_id: id }).update({ checksum: 99 });
    await expect.poll(() => changes.at(-1)).toEqual({ added: [id], removed: [id] });
    expect(index.has(id)).toBe(true);
  });

  test('a large library comes in portions', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => ({ title: `m${i}`, source: 'import' }));
    const tracks = await other('tracks').insert(rows).returning('id');
    const { data, checksum } = fingerprint(7);
    const prints = tracks.map(({ id }) => ({
      track_id: id,
      version: VERSION,
      duration_s: 1,
      data,
      checksum,
    }));
    await other('fingerprints').insert(prints);
    const sizes: number[] = [];
    const index = watch(({ added }) => sizes.push(added.length));
    await holds(index, await truth());
    expect(Math.max(...sizes)).toBe(500);
    await other('tracks')
      .whereIn(
        'id',
        tracks.map(({ id }) => id),
      )
      .delete();
    await holds(index, await truth());
  });

  test('offers again what could not be taken in', async () => {
    let failures = 0;
    const index = watch(() => {
      if (failures++ === 0) throw new Error('no memory');
    });
    await holds(index, await truth());
    expect(failures).toBe(2);
  });

  test('survives a database that is killed and comes back, with what changed meanwhile', async () => {
    const index = watch();
    await holds(index, await truth());
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.start();
    const id = await add();
    await holds(index, await truth());
    expect(index.has(id)).toBe(true);
    // And hears at once again.
    const later = await add();
    await expect.poll(() => index.has(later), { timeout: 60_000 }).toBe(true);
  });
});
