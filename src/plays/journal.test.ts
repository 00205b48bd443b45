import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Journal, JournalFull } from './journal';

let folder: string;
let logged: Record<string, unknown>[];
const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(JSON.parse(line)) });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sodav-journal-'));
  logged = [];
});
const journals: Journal<{ n: number; text?: string }>[] = [];
afterEach(async () => {
  for (const journal of journals.splice(0)) await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(maxBytes = 1e8): Promise<Journal<{ n: number; text?: string }>> {
  const journal = await Journal.open<{ n: number; text?: string }>(folder, { maxBytes, log });
  journals.push(journal);
  return journal;
}
const segments = () => readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
const last = () => join(folder, segments().sort().at(-1)!);

async function contents(journal: Journal<{ n: number }>): Promise<number[]> {
  const out: number[] = [];
  for await (const { n } of journal.all()) out.push(n);
  return out;
}

test('what append has resolved is read again, in order, also by the next run', async () => {
  const journal = await opened();
  await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append({ n })));
  expect(journal.entries).toBe(500);
  expect((await journal.read(3)).map(({ value }) => value.n)).toEqual([0, 1, 2]);
  // No close: as after a crash.
  const again = await opened();
  expect(await contents(again)).toEqual(Array.from({ length: 500 }, (_, n) => n));
});

test('acknowledged entries go, with their files', async () => {
  const journal = await opened();
  for (let n = 0; n < 6; n++) await journal.append({ n, text: 'x'.repeat(400_000) });
  expect(segments().length).toBeGreaterThan(2);
  const [first] = await journal.read(1);
  await journal.acknowledge(first!.seq + 2);
  expect(await contents(journal)).toEqual([3, 4, 5]);
  expect((await journal.read(10)).map(({ value }) => value.n)[0]).toBe(3);
  await journal.acknowledge(first!.seq + 5);
  expect(journal).toMatchObject({ entries: 0, bytes: 0 });
  expect(segments()).toHaveLength(1);
  expect(readFileSync(last()).length).toBe(0);
  await journal.append({ n: 6 });
  expect((await journal.read(10)).map(({ value }) => value.n)).toEqual([6]);
  expect(await contents(await opened())).toEqual([6]);
});

describe('after a crash', () => {
  test('a last line torn at any byte is dropped, all before it are there', async () => {
    const journal = await opened();
    for (let n = 0; n < 3; n++) await journal.append({ n });
    await journal.close();
    const whole = readFileSync(last());
    const path = last();
    const third = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let size = third; size < whole.length; size++) {
      writeFileSync(path, whole);
      truncateSync(path, size);
      const again = await opened();
      expect(await contents(again)).toEqual([0, 1]);
      await again.append({ n: 9 });
      expect(await contents(await opened())).toEqual([0, 1, 9]);
      for (const name of segments()) rmSync(join(folder, name));
    }
    expect(logged).toContainEqual(expect.objectContaining({ level: 40 }));
  });

  test('lines that do not read are set aside, the others are there', async () => {
    const journal = await opened();
    for (let n = 0; n < 5; n++) await journal.append({ n });
    await journal.close();
    const text = readFileSync(last(), 'utf8').replace('{"n":2}', '{"n":7}');
    writeFileSync(last(), text);
    appendFileSync(last(), 'garbage\n\n');
    expect(await contents(await opened())).toEqual([0, 1, 3, 4]);
    expect(readFileSync(`${last()}.corrupt`, 'utf8')).toContain('{"n":7}');
    expect(logged).toContainEqual(expect.objectContaining({ level: 50, lines: 3 }));
  });
});

test('refuses more than its bound, and takes again once there is room', async () => {
  const journal = await opened(1200);
  const written: number[] = [];
  let full: unknown;
  for (let n = 0; n < 100 && !full; n++) {
    await journal.append({ n }).then(
      () => written.push(n),
      (error: unknown) => {
        full = error;
      },
    );
  }
  expect(full).toBeInstanceOf(JournalFull);
  expect(journal.bytes).toBeLessThanOrEqual(1200);
  expect(written.length).toBeGreaterThan(50);
  await journal.acknowledge((await journal.read(1000)).at(-1)!.seq);
  await journal.append({ n: 1000 });
  expect(await contents(await opened())).toEqual([1000]);
});

test('refuses after close', async () => {
  const journal = await opened();
  const first = journal.append({ n: 1 });
  await journal.close();
  await first;
  await expect(journal.append({ n: 2 })).rejects.toThrow('closed');
  expect(await contents(await opened())).toEqual([1]);
});
