import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type OwnServer, ownServer } from '../../test/support/database';
import { playOf, stationAndTrack, unknownOf } from '../../test/support/stored-plays';
import { clockAtRate } from '../clock';
import { compiled } from '../paths';
import { PlayLog, type PlayWriter } from './log';
import { PlayStore } from './store';
import type { Play } from './types';

let server: OwnServer;
let store: PlayStore;
let ids: { stationId: number; trackId: number };
let folder: string;
let logged: { level: number; msg: string }[];
const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(JSON.parse(line)) });

beforeAll(async () => {
  server = await ownServer();
  store = new PlayStore(server.knex);
  ids = await stationAndTrack(server.knex);
});
afterAll(() => server?.destroy());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sodav-log-'));
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

// Back-offs ten times as fast.
const clock = clockAtRate(10);
const opened = (writer: PlayWriter = store, maxBytes = 1e8) =>
  PlayLog.open({ folder, store: writer, maxBytes, log, clock });
const stored = async (plays: readonly Play[]) =>
  (await Promise.all(plays.map(({ id }) => store.get(id)))).map((play) => play?.revision);

test('plays come to PostgreSQL, and nothing stays behind', async () => {
  const plays = await opened();
  const some = Array.from({ length: 450 }, (_, i) => playOf(ids, { startedAt: 1_600_000_000_000 + i }));
  await Promise.all(some.map((play) => plays.record(play)));
  await plays.flushed();
  expect(plays.pending()).toEqual({ entries: 0, bytes: 0 });
  expect(plays.latest(some[0]!.id)).toBeUndefined();
  expect(new Set(await stored(some))).toEqual(new Set([1]));
  await plays.stop();
});

test('PostgreSQL away: plays wait on disk, and are written once when it is back', async () => {
  const plays = await opened();
  const before = playOf(ids, { status: 'open' });
  await plays.record(before);
  await plays.flushed();
  await server.kill();
  const during = Array.from({ length: 300 }, () => playOf(ids));
  await Promise.all(
    [...during, { ...before, revision: 2, status: 'complete' as const }].map((play) => plays.record(play)),
  );
  expect(plays.pending().entries).toBe(301);
  expect(plays.latest(before.id)).toMatchObject({ revision: 2 });
  await expect.poll(() => logged.filter(({ level }) => level === 40).length, { timeout: 60_000 }).toBe(1);
  await server.start();
  await plays.flushed();
  expect(await stored([before, ...during])).toEqual([2, ...during.map(() => 1)]);
  expect(plays.pending().entries).toBe(0);
  await plays.stop();
});

test('stopped while PostgreSQL is away: the next run writes what waits', async () => {
  const away: PlayWriter = { write: () => Promise.reject(new Error('Connection terminated')) };
  const first = await opened(away);
  const play = playOf(ids, { status: 'open' });
  await first.record(play);
  await first.stop();
  const second = await opened();
  expect(second.left()).toEqual([play]);
  await second.flushed();
  expect(await stored([play])).toEqual([1]);
  await second.stop();
});

test("a play that PostgreSQL refuses is set aside and stands in nobody's way", async () => {
  const plays = await opened();
  const good = [playOf(ids), playOf(ids), unknownOf(ids.stationId)];
  const orphan = playOf({ ...ids, stationId: 987_654 });
  const broken = { ...playOf(ids), startedAt: Number.NaN };
  for (const play of [good[0]!, orphan, good[1]!, broken, good[2]!]) await plays.record(play);
  await plays.flushed();
  expect(await stored(good)).toEqual([1, 1, 1]);
  const refused = readFileSync(join(folder, 'refused.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(refused.map(({ play }) => play.id)).toEqual([orphan.id, broken.id]);
  expect(refused[0].reason).toContain('plays_station_id_fkey');
  expect(logged.filter(({ level }) => level === 50)).toHaveLength(2);
  await plays.stop();
});

test('a full journal keeps what a royalty needs and says so', async () => {
  let away = true;
  const writer: PlayWriter = {
    write: (some) => (away ? Promise.reject(new Error('Connection terminated')) : store.write(some)),
  };
  const plays = await opened(writer, 10_000);
  const open = playOf(ids, { status: 'open' });
  await plays.record(open);
  const some = Array.from({ length: 40 }, () => playOf(ids));
  for (const play of some) await plays.record(play);
  const { bytes } = plays.pending();
  expect(bytes).toBeLessThanOrEqual(10_000);
  await plays.record({ ...open, revision: 2, endedAt: open.endedAt + 20_000 });
  await plays.record({ ...open, revision: 3, status: 'complete' });
  expect(logged.filter(({ level }) => level === 50)).toHaveLength(1);
  expect(plays.pending()).toMatchObject({ entries: 42, bytes });
  away = false;
  await plays.flushed();
  expect(await stored([open, ...some])).toEqual([3, ...some.map(() => 1)]);
  await plays.stop();
});

test('killed at any moment: every play that was acknowledged is there, once', async () => {
  for (let round = 0; round < 3; round++) {
    const args = [
      compiled('test/support/play-writer'),
      folder,
      server.url,
      String(ids.stationId),
      String(ids.trackId),
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const acknowledged: string[] = [];
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve) => {
      lines.on('line', (id) => {
        acknowledged.push(id);
        if (acknowledged.length === 60 + 45 * round) child.kill('SIGKILL');
      });
      lines.on('close', resolve);
    });
    // The database goes down hard as well, in one of the rounds.
    if (round === 1) {
      await server.kill();
      await server.start();
    }
    const next = await opened();
    await next.flushed();
    await next.stop();
    const rows = await server.knex('plays').whereIn('id', acknowledged).select('id', 'revision', 'status');
    expect(rows).toHaveLength(acknowledged.length);
    expect(new Set(rows.map(({ revision, status }) => `${revision} ${status}`))).toEqual(
      new Set(['2 complete']),
    );
  }
});
