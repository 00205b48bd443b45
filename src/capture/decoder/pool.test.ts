import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeAudio } from '../../../test/support/audio';
import { until } from '../../../test/support/ear';
import { clockAtRate } from '../../clock';
import { type DecoderEvents, DecoderPool } from './pool';
import { MOST_IN_FLIGHT } from './stream';

const log = pino({ level: 'silent' });
const pools: DecoderPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
});

function newPool(processes: number): DecoderPool {
  const pool = new DecoderPool({ processes, log, clock: clockAtRate(5) });
  pools.push(pool);
  return pool;
}

class Heard implements DecoderEvents {
  length = 0;
  codecs: string[] = [];
  faults: [string, string][] = [];
  codec(codec: string): void {
    this.codecs.push(codec);
  }
  samples(samples: Int16Array): void {
    this.length += samples.length;
  }
  title(): void {}
  fault(fault: string, detail: string): void {
    this.faults.push([fault, detail]);
  }
}

describe('decoder processes', () => {
  test('share the streams evenly, and give each its own audio', async () => {
    const pool = newPool(2);
    expect(new Set(pool.pids()).size).toBe(2);
    const lengths = [1, 2, 3, 4];
    const heard = await Promise.all(
      lengths.map(async (seconds) => {
        const events = new Heard();
        const stream = pool.open(events, 'x');
        const bytes = encodeAudio('mp3', { seconds });
        for (let at = 0; at < bytes.length; at += 1400) stream.write(bytes.subarray(at, at + 1400));
        await stream.end();
        return events;
      }),
    );
    heard.forEach((events, i) => {
      expect(events.codecs).toEqual(['mp3']);
      expect(events.faults).toEqual([]);
      expect(events.length / 8000).toBeGreaterThan(lengths[i]! - 0.05);
      expect(events.length / 8000).toBeLessThan(lengths[i]! + 0.2);
    });
  });

  test('one killed with -9: its streams get the fault once, the other is not touched, and it comes back', async () => {
    const pool = newPool(2);
    const [a, b] = [new Heard(), new Heard()];
    const [streamA, streamB] = [pool.open(a, 'a'), pool.open(b, 'b')];
    const bytes = encodeAudio('mp3', { seconds: 5 });
    streamA.write(bytes);
    streamB.write(bytes);
    await until(() => a.length > 0 && b.length > 0);
    const [first, second] = pool.pids();
    process.kill(first!, 'SIGKILL');
    await until(() => a.faults.length > 0);
    expect(a.faults.map(([fault]) => fault)).toEqual(['decoder_crash']);
    await streamA.end();
    streamB.write(bytes);
    await streamB.end();
    expect(b.faults).toEqual([]);
    expect(b.length / 8000).toBeGreaterThan(9.8);
    await until(() => pool.pids().length === 2);
    expect(pool.pids()).toContain(second);
    expect(pool.pids()).not.toContain(first);
    expect(pool.crashes).toBe(1);
    const again = new Heard();
    const stream = pool.open(again, 'a');
    stream.write(bytes);
    await stream.end();
    expect(again.length).toBeGreaterThan(0);
    expect(a.faults).toHaveLength(1);
  });

  test('a stopped process (SIGSTOP) holds bytes only up to a limit, then the stream is overloaded', async () => {
    const pool = newPool(1);
    const events = new Heard();
    const stream = pool.open(events, 'x');
    const [pid] = pool.pids();
    const bytes = encodeAudio('mp3', { seconds: 5 });
    stream.write(bytes);
    await until(() => events.length > 0);
    process.kill(pid!, 'SIGSTOP');
    try {
      let room = true;
      let given = 0;
      while (events.faults.length === 0 && given < 2 * MOST_IN_FLIGHT) {
        room = stream.write(bytes) && room;
        given += bytes.length;
      }
      expect(room).toBe(false);
      expect(events.faults.map(([fault]) => fault)).toEqual(['overload']);
      expect(given).toBeLessThan(MOST_IN_FLIGHT + 2 * bytes.length);
    } finally {
      process.kill(pid!, 'SIGCONT');
    }
  });

  test('a process that hangs is killed and started again', async () => {
    const pool = newPool(1);
    const events = new Heard();
    const stream = pool.open(events, 'x');
    const bytes = encodeAudio('mp3', { seconds: 2 });
    stream.write(bytes);
    await until(() => events.length > 0);
    const [pid] = pool.pids();
    process.kill(pid!, 'SIGSTOP');
    stream.write(bytes);
    await until(() => events.faults.length > 0, 15_000);
    expect(events.faults[0]![0]).toBe('decoder_crash');
    await until(() => pool.pids().length === 1 && pool.pids()[0] !== pid);
  });

  test('a stream over which processes die twice is decoded apart from the others', async () => {
    const pool = newPool(1);
    const bytes = encodeAudio('mp3', { seconds: 2 });
    const shared = new Set<number>();
    for (let crash = 1; crash <= 2; crash++) {
      const [pid] = await until(() => pool.pids().length === 1 && pool.pids());
      shared.add(pid!);
      const [good, bad] = [new Heard(), new Heard()];
      const [goodStream, badStream] = [pool.open(good, 'good'), pool.open(bad, 'bad')];
      goodStream.write(bytes);
      await until(() => goodStream.pending === 0);
      process.kill(pid!, 'SIGSTOP');
      badStream.write(bytes);
      process.kill(pid!, 'SIGKILL');
      await until(() => bad.faults.length === 1);
    }
    await until(() => pool.pids().length === 1);
    const [shard] = pool.pids();
    pool.open(new Heard(), 'good');
    expect(pool.pids()).toEqual([shard]);
    const apart = new Heard();
    const stream = pool.open(apart, 'bad');
    expect(pool.pids()).toHaveLength(2);
    expect(shared.has(pool.pids()[1]!)).toBe(false);
    stream.write(bytes);
    await stream.end();
    expect(apart.length).toBeGreaterThan(0);
  });

  test('no decoder outlives the pool', async () => {
    const pool = newPool(2);
    const pids = pool.pids();
    await pool.stop();
    expect(pool.pids()).toEqual([]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  });
});
