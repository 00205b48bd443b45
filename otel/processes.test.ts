import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { ownServer } from '../test/support/database';
import { scrape } from '../test/support/telemetry';
import { followHelperProcesses, registerHelperProcess, unregisterHelperProcess } from './processes';

/** CPU seconds that /proc says a process has used. */
function procSeconds(pid: number | 'self'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function procRss(pid: number | 'self'): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/**
 * The percentage that is served for a stretch in which `run` happens, beside what /proc says. A scrape reads somewhere
 * between its begin and its end, which a busy machine may draw apart: so the truth is a range, narrow on an idle one.
 */
async function measure(run: () => Promise<void>, pids: (number | 'self')[] = ['self']) {
  const reading = () => ({
    seconds: pids.reduce<number>((sum, pid) => sum + procSeconds(pid), 0),
    at: performance.now(),
  });
  await new Promise((resolve) => setTimeout(resolve, 600)); // the last window is over
  const first = reading();
  await scrape();
  const begun = reading();
  await run();
  const ended = reading();
  const served = (await scrape()).value('sodav_cpu_usage_percent')!;
  const last = reading();
  const percent = (seconds: number, ms: number) => (100 * seconds) / ((ms / 1_000) * availableParallelism());
  return {
    served,
    least: percent(ended.seconds - begun.seconds, last.at - first.at),
    most: percent(last.seconds - first.seconds, ended.at - begun.at),
  };
}

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    unregisterHelperProcess(child.pid!);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
});

async function helper(program: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `console.log('up'); ${program}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout!, 'data');
  return child;
}

const BUSY = 'for (;;);';
const IDLE = 'setInterval(() => {}, 1000)';

describe.skipIf(process.platform !== 'linux')('the service as /proc sees it', () => {
  test('CPU of a busy process', async () => {
    const { served, least, most } = await measure(async () => {
      const until = performance.now() + 1_000;
      while (performance.now() < until);
    });
    expect(served).toBeGreaterThan(1);
    expect(served).toBeGreaterThan(least - 4);
    expect(served).toBeLessThan(most + 4);
  });

  test('CPU of an idle process', async () => {
    const { served, least, most } = await measure(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
    expect(served).toBeGreaterThan(least - 4);
    expect(served).toBeLessThan(most + 4);
    expect(served).toBeLessThan(25);
  });

  test('CPU of helpers, and of what helpers start', async () => {
    const parent = await helper(
      `require('node:child_process').spawn(process.execPath, ['-e', '${BUSY}']); process.on('exit', () => {}); ${IDLE}`,
    );
    const grandchild = Number(
      await expect
        .poll(() => readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim())
        .not.toBe('')
        .then(() => readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim()),
    );
    try {
      registerHelperProcess(parent.pid!);
      const pids = ['self' as const, parent.pid!, grandchild];
      const { served, least, most } = await measure(
        () => new Promise((resolve) => setTimeout(resolve, 1_000)),
        pids,
      );
      expect(least).toBeGreaterThan(1);
      expect(served).toBeGreaterThan(least - 5);
      expect(served).toBeLessThan(most + 5);
    } finally {
      process.kill(grandchild, 'SIGKILL');
    }
  });

  test('memory is the RSS, helpers included while they are there', async () => {
    const alone = (await scrape()).value('sodav_memory_usage_bytes')!;
    expect(Math.abs(alone - procRss('self')) / alone).toBeLessThan(0.1);
    const child = await helper(IDLE);
    registerHelperProcess(child.pid!);
    const both = (await scrape()).value('sodav_memory_usage_bytes')!;
    expect(Math.abs(both - procRss('self') - procRss(child.pid!)) / both).toBeLessThan(0.1);
    expect(both - alone).toBeGreaterThan(15e6);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    children.splice(0);
    const after = (await scrape()).value('sodav_memory_usage_bytes')!;
    expect(Math.abs(after - procRss('self')) / after).toBeLessThan(0.1);
  });

  test('helpers that come and go are counted while they are there', async () => {
    const memory = async () => (await scrape()).value('sodav_memory_usage_bytes')!;
    const alone = await memory();
    const child = await helper(IDLE);
    let pids = [child.pid!];
    const stop = followHelperProcesses(() => pids);
    try {
      expect((await memory()) - alone).toBeGreaterThan(15e6);
      pids = [];
      await expect.poll(async () => (await memory()) - alone, { timeout: 10_000 }).toBeLessThan(15e6);
    } finally {
      stop();
    }
  });

  test('memory that PostgreSQL’s processes share counts once', async () => {
    const server = await ownServer();
    let postmaster: number | undefined;
    try {
      await server.knex.raw(
        `CREATE TABLE filled AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)`,
      );
      // Each connection looks at all of it, and so maps the buffers that hold it.
      const connections = await Promise.all(Array.from({ length: 4 }, () => server.knex.transaction()));
      const backends: number[] = [];
      for (const trx of connections) {
        const { rows } = await trx.raw('SELECT pg_backend_pid() AS pid, (SELECT count(*) FROM filled) AS n');
        backends.push(rows[0].pid);
      }
      postmaster = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${backends[0]}/status`, 'utf8'))![1]);
      const before = (await scrape()).value('sodav_memory_usage_bytes')!;
      registerHelperProcess(postmaster);
      const counted = (await scrape()).value('sodav_memory_usage_bytes')! - before;
      const twice = backends.reduce((sum, pid) => sum + procRss(pid), procRss(postmaster!));
      for (const trx of connections) await trx.rollback();
      expect(counted).toBeGreaterThan(20e6);
      // Four connections map 20 MB each: three times that is counted by whoever adds up their RSS.
      expect(twice - counted).toBeGreaterThan(30e6);
    } finally {
      if (postmaster !== undefined) unregisterHelperProcess(postmaster);
      await server.destroy();
    }
  });

  test('scrapes on each other’s heels give numbers', async () => {
    for (let i = 0; i < 20; i++) {
      const percent = (await scrape()).value('sodav_cpu_usage_percent');
      expect(percent).toBeGreaterThanOrEqual(0);
      expect(percent).toBeLessThanOrEqual(101);
    }
  });
});
