import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newPlayId } from './id';
import { Spool } from './spool';

let folder: string;
let dropped: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sodav-spool-'));
  dropped = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (maxBytes = 1e8) =>
  Spool.open(folder, { maxBytes, onDropped: (playId) => void dropped.push(playId) });
const rising = (from: number, to: number) =>
  Int16Array.from({ length: to - from }, (_, i) => (from + i) % 30_000);
const bytesOf = (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);

test('a file that loses its beginning is whole for whoever reads it meanwhile', async () => {
  const spool = await open();
  const playId = newPlayId(Date.now());
  const samples = rising(0, 400_000);
  await spool.append(playId, samples);
  let done = false;
  const reading = (async () => {
    const seen = new Set<number>();
    while (!done) seen.add((await readFile(spool.path(playId))).length);
    return seen;
  })();
  const lengths = new Set([800_000]);
  for (let taken = 0; taken < 100; taken++) {
    await spool.behead(playId, 1_000);
    lengths.add(800_000 - (taken + 1) * 2_000);
  }
  done = true;
  for (const length of await reading) expect(lengths).toContain(length);
  expect(readFileSync(spool.path(playId))).toEqual(bytesOf(samples.subarray(100_000)));
  expect([spool.bytes, readdirSync(folder)]).toEqual([600_000, [`${playId}.pcm`]]);
});

test('what a killed run had not finished beside a file does not replace it, and takes no room', async () => {
  const playId = newPlayId(Date.now());
  await (await open()).append(playId, rising(0, 1_000));
  writeFileSync(join(folder, `${playId}.pcm.new`), 'half');
  const spool = await open();
  expect([spool.plays, spool.samples(playId), readdirSync(folder)]).toEqual([
    [playId],
    1_000,
    [`${playId}.pcm`],
  ]);
});

test('a file that lost its beginning is no younger for it: the oldest goes first', async () => {
  const spool = await open(5_000);
  const [first, second, third] = [1, 2, 3].map((at) => newPlayId(at)) as [string, string, string];
  await spool.append(first, rising(0, 1_000));
  await spool.append(second, rising(0, 1_000));
  await spool.behead(first, 10);
  await spool.append(third, rising(0, 1_000));
  expect(dropped).toEqual([first]);
});
