import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bestOffset, decodeWhole } from '../../test/support/simulated-audio';
import { compiled } from '../paths';
import { AIR_RATE } from './air';
import { type Simulator, startSimulator } from './client';
import { ICY_INTERVAL } from './live/icy';

/** Reads a stream until `bytes` have come, or until it ends or breaks off. */
async function listen(url: string, bytes: number, headers: Record<string, string> = {}) {
  const stop = AbortSignal.timeout(60_000);
  const response = await fetch(url, { headers, signal: stop, redirect: 'manual' });
  const answeredAt = Date.now();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body!) {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      if (size >= bytes) break;
    }
  } catch {
    // Cut off: what came until then counts.
  }
  return { response, answeredAt, data: Buffer.concat(chunks) };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe('a simulator at twenty times real time', () => {
  const RATE = 20;
  const anchor = Date.now();
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ seed: 9, rate: RATE, origin: anchor, tracks: 4 });
  });
  afterAll(() => simulator.stop());

  const airAt = (moment: number) => anchor + (moment - anchor) * RATE;
  const airNow = () => airAt(Date.now());

  test('names its stations, all of them as simulated', async () => {
    const stations = await simulator.stations();
    expect(stations.map(({ codec }) => codec)).toEqual(['mp3', 'aac', 'vorbis']);
    for (const { name } of stations) expect(name).toContain('(simulée)');
  });

  test('writes a reference library with tags', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sodav-simulated-'));
    try {
      const paths = await simulator.writeLibrary(folder);
      const library = await simulator.library();
      expect(paths.length).toBe(4);
      const first = readFileSync(paths[0]!);
      expect(first.includes(`TITLE=${library[0]!.title}`)).toBe(true);
      expect(first.includes('ISRC')).toBe(false);
      const { samples, rate } = decodeWhole(first, 'flac');
      expect(samples.length / rate).toBeCloseTo(library[0]!.durationMs / 1_000, 3);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('sends what the truth says it sends, at that time and at that pace', async () => {
    const connectedAt = airNow();
    const ahead = {
      station: 'teranga.mp3',
      from: Math.round(connectedAt),
      to: Math.round(connectedAt) + 400_000,
    };
    const { entries } = await simulator.truth(ahead);
    // Twelve seconds into a song and from its end nobody talks over it.
    const pointIn = (startedAt: number) => Math.max(startedAt + 12_000, connectedAt + 15_000);
    const song = entries.find(({ kind, startedAt, endedAt }) => {
      return kind === 'track' && endedAt > pointIn(startedAt) + 15_000;
    })!;
    const point = pointIn(song.startedAt);
    const seconds = (point - connectedAt) / 1_000 + 5;

    const opened = Date.now();
    const openedAt = airAt(opened);
    const { response, answeredAt, data } = await listen(`${simulator.url}/teranga.mp3`, 8_000 * seconds);
    const tookS = (Date.now() - opened) / 1_000;
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    // Four seconds come at once, the rest as it is aired.
    expect(tookS).toBeGreaterThan((seconds - 4.5) / RATE);
    expect(tookS).toBeLessThan(seconds / RATE + 3);

    const { samples } = decodeWhole(data, 'mp3');
    const file = await fetch(`${simulator.url}/library/${song.key}.flac`);
    const reference = decodeWhole(Buffer.from(await file.arrayBuffer()), 'flac').samples;
    // The stream begins four seconds (the burst) before the connection.
    const from = Math.round(((point - openedAt) / 1_000 + 4) * AIR_RATE);
    const expected = Math.round((point - song.startedAt) * 24);
    const heard = samples.subarray(from - 24_000, from - 14_400).filter((_, i) => i % 3 === 0);
    const thin = reference.filter((_, i) => i % 3 === 0);
    const middle = Math.round((expected - 24_000) / 3);
    // Connecting takes some milliseconds, each of which is 20 ms of air: the stream is as much later.
    const connectingS = (airAt(answeredAt) - openedAt) / 1_000;
    const last = middle + Math.ceil(connectingS * 8_000);
    const found = bestOffset(heard, thin, middle - 24_000, last + 24_000);
    expect(found.correlation).toBeGreaterThan(0.8);
    expect((middle - found.offset) / 8_000).toBeLessThan(2);
    expect((found.offset - last) / 8_000).toBeLessThan(2);
  });

  test('interleaves titles when asked, and only then', async () => {
    const { response, data } = await listen(`${simulator.url}/teranga.mp3`, 2 * ICY_INTERVAL + 500, {
      'icy-metadata': '1',
    });
    expect(response.headers.get('icy-metaint')).toBe(String(ICY_INTERVAL));
    const length = data[ICY_INTERVAL]! * 16;
    const block = data.subarray(ICY_INTERVAL + 1, ICY_INTERVAL + 1 + length).toString('utf8');
    expect(block).toMatch(/^StreamTitle='.*\(simulée?\)';\0*$/);
    // Taken out again, they leave the frames as they were: one every 192 bytes.
    const audio = Buffer.concat([data.subarray(0, ICY_INTERVAL), data.subarray(ICY_INTERVAL + 1 + length)]);
    for (let at = 0; at < ICY_INTERVAL + 500; at += 192) expect(audio.readUInt16BE(at)).toBe(0xfff3);

    const plain = await listen(`${simulator.url}/teranga.mp3`, ICY_INTERVAL + 500);
    expect(plain.response.headers.get('icy-metaint')).toBeNull();
    expect(plain.data.includes('StreamTitle')).toBe(false);
  });

  test('gives playlists, and 404 for what it has not', async () => {
    const list = await (await fetch(`${simulator.url}/teranga.mp3.m3u`)).text();
    expect(list.trim().split('\n').at(-1)).toBe(`${simulator.url}/teranga.mp3`);
    const pls = await (await fetch(`${simulator.url}/teranga.mp3.pls`)).text();
    expect(pls).toContain(`File1=${simulator.url}/teranga.mp3`);
    expect((await fetch(`${simulator.url}/nothing.mp3`)).status).toBe(404);
    expect((await fetch(`${simulator.url}/truth.json?from=yesterday`)).status).toBe(400);
  });
});

describe('faults', () => {
  let simulator: Simulator;
  const mount = 'teranga.mp3';
  beforeAll(async () => {
    simulator = await startSimulator({ seed: 9, rate: 5, tracks: 3, stations: 1 });
  });
  afterAll(() => simulator.stop());
  const url = () => `${simulator.url}/${mount}`;
  const end = () => simulator.fault(mount, 'drop', 0);

  test('drop cuts listeners off and lets nobody through until it ends', async () => {
    const listening = listen(url(), 1e9);
    await until(async () => (await simulator.stations())[0]!.listeners === 1);
    await simulator.fault(mount, 'drop', 60);
    expect((await listening).data.length).toBeLessThan(1e6);
    await expect(fetch(url())).rejects.toThrow();
    await end();
    expect((await listen(url(), 10_000)).data.length).toBeGreaterThanOrEqual(10_000);
    const { entries } = await simulator.truth({ station: mount });
    expect(entries.some(({ unheard }) => unheard.length > 0)).toBe(true);
  });

  test('http_error, html and redirect_loop answer what they are called', async () => {
    await simulator.fault(mount, 'http_error', 60);
    expect((await fetch(url())).status).toBe(503);
    await simulator.fault(mount, 'html', 60);
    expect((await fetch(url())).headers.get('content-type')).toContain('text/html');
    await simulator.fault(mount, 'redirect_loop', 60);
    await expect(fetch(url())).rejects.toThrow();
    await end();
  });

  test('end closes every stream politely, and the next one too', async () => {
    const listening = listen(url(), 1e9);
    await until(async () => (await simulator.stations())[0]!.listeners === 1);
    await simulator.fault(mount, 'end', 60);
    expect((await listening).data.length).toBeGreaterThan(10_000);
    expect((await (await fetch(url())).arrayBuffer()).byteLength).toBeGreaterThan(10_000);
    await end();
  });

  test('stall keeps the connection and sends nothing; then the stream goes on', async () => {
    const arrivals: number[] = [];
    const stop = new AbortController();
    const response = await fetch(url(), { signal: stop.signal });
    const reading = (async () => {
      for await (const _ of response.body!) arrivals.push(Date.now());
    })().catch(() => undefined);
    await until(() => arrivals.length > 3);
    // Four seconds of this machine's time, which begin somewhere between these two moments.
    const asked = Date.now();
    await simulator.fault(mount, 'stall', 20);
    const told = Date.now();
    await until(() => arrivals.at(-1)! > asked + 4_000);
    // What was on its way comes yet.
    const [from, to] = [told + 500, asked + 4_000];
    expect(to - from).toBeGreaterThan(800);
    expect(arrivals.filter((at) => at > from && at < to)).toEqual([]);
    stop.abort();
    await reading;
  });

  test('garbage is not audio, silence is audio of nothing', async () => {
    await simulator.fault(mount, 'garbage', 600);
    const garbage = await listen(url(), 80_000);
    // After the burst, which was sent before the fault, frame headers are where they are by chance only.
    const headers = (data: Buffer) => {
      let count = 0;
      for (let i = 0; i + 1 < data.length; i++) if (data[i] === 0xff && data[i + 1] === 0xf3) count++;
      return count;
    };
    expect(headers(garbage.data.subarray(-40_000))).toBeLessThan(20);
    await simulator.fault(mount, 'silence', 600);
    const { data } = await listen(url(), 80_000);
    expect(headers(data.subarray(-40_000))).toBeGreaterThan(200);
    const { samples } = decodeWhole(data, 'mp3');
    const tail = samples.subarray(-AIR_RATE);
    expect(tail.every((x) => Math.abs(x) < 0.001)).toBe(true);
    await end();
  });

  test('a request that makes no sense is refused', async () => {
    const ask = (body: string) => fetch(`${simulator.url}/faults`, { method: 'POST', body });
    expect((await ask('nonsense')).status).toBe(400);
    expect((await ask(JSON.stringify({ mount, fault: 'fire', seconds: 3 }))).status).toBe(400);
    expect((await ask(JSON.stringify({ mount: 'x', fault: 'drop', seconds: 3 }))).status).toBe(404);
  });
});

test('a hundred stations of spliced MP3 are on the air at once, and what they send decodes', async () => {
  const simulator = await startSimulator({
    ...{ profile: 'load', stations: 100, rate: 20, seed: 2 },
    ...{ tracks: 3, unknown: 1, minSeconds: 20, maxSeconds: 30 },
  });
  try {
    const stations = await simulator.stations();
    expect(stations.length).toBe(100);
    const heard = await Promise.all(stations.map(({ url }) => listen(url, 16_000 * 10)));
    for (const { data } of heard) expect(data.length).toBeGreaterThanOrEqual(16_000 * 10);
    const { samples, rate } = decodeWhole(heard[7]!.data, 'mp3');
    expect(samples.length / rate).toBeGreaterThan(9.5);
    expect(Math.max(...samples.subarray(-AIR_RATE))).toBeGreaterThan(0.05);
  } finally {
    await simulator.stop();
  }
});

describe('the process', () => {
  test('ends when it is asked to', async () => {
    const simulator = await startSimulator({ stations: 1, tracks: 2 });
    await simulator.stop();
    expect(alive(simulator.pid)).toBe(false);
  });

  test('ends when its parent is killed', async () => {
    const program = `
      const { startSimulator } = require(${JSON.stringify(compiled('src/simulator/client'))});
      startSimulator({ stations: 1, tracks: 2 }).then(({ pid }) => process.send(pid));
    `;
    const parent = fork('-e', [program], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const pid = await new Promise<number>((resolve, reject) => {
      parent.once('message', (message) => resolve(message as number));
      parent.once('exit', () => reject(new Error('the parent ended')));
    });
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !alive(pid));
  });

  test('ends when the process it was told to follow has gone', async () => {
    const followed = fork('-e', ['setInterval(() => {}, 1000)'], { execArgv: [] });
    const simulator = await startSimulator({ stations: 1, tracks: 2, parentPid: followed.pid! });
    followed.kill('SIGKILL');
    await until(() => !alive(simulator.pid));
  });

  test('refuses what it does not understand in one line', async () => {
    await expect(startSimulator({ stations: 'many' })).rejects.toThrow(/--stations : valeur refusée/);
    await expect(startSimulator({ codecs: 'mp3,wma' })).rejects.toThrow(/--codecs/);
  });
});
