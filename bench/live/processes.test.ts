import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { familySum, quantile, slopeOf } from './numbers';
import { CpuLedger, type ProcessReading, readProcesses, residentOnce } from './processes';

const reading = (pid: number, kind: ProcessReading['kind'], cpuMs: number): ProcessReading => ({
  ...{ pid, kind, cpuMs },
  rssBytes: 0,
  pssBytes: 0,
});

describe.skipIf(process.platform !== 'linux')('processes as /proc tells of them', () => {
  test('what a process started is found, and the code that both map counts once', async () => {
    const child = spawn(process.execPath, ['-e', "console.log('up'); setInterval(() => {}, 1000)"], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout!, 'data');
      const found = readProcesses(process.pid);
      const [own, its] = [process.pid, child.pid!].map((pid) => found.find((other) => other.pid === pid)!);
      expect(own!.kind).toBe('main');
      expect(its!.rssBytes).toBeGreaterThan(20e6);
      const alone = residentOnce([child.pid!])!;
      expect(Math.abs(alone - its!.rssBytes) / its!.rssBytes).toBeLessThan(0.05);
      const both = residentOnce([process.pid, child.pid!])!;
      const twice = residentOnce([process.pid])! + alone;
      // Node's own code is some 40 MB.
      expect(twice - both).toBeGreaterThan(15e6);
      expect(both).toBeGreaterThan(own!.rssBytes * 0.9);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});

test('CPU of processes that come and go: a late one counts from its start, an ended one stays counted', () => {
  const ledger = new CpuLedger();
  ledger.take([reading(1, 'main', 1_000), reading(2, 'decoders', 500)]);
  ledger.take([reading(1, 'main', 1_200), reading(2, 'decoders', 600)]);
  ledger.take([reading(1, 'main', 1_300), reading(3, 'decoders', 50)]);
  expect(ledger.spent('main')).toBe(300);
  expect(ledger.spent('decoders')).toBe(150);
  expect(ledger.spent('PostgreSQL')).toBe(0);
});

test('numbers', () => {
  expect(quantile([], 0.5)).toBeUndefined();
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([3, 1, 2], 1)).toBe(3);
  expect(slopeOf([{ x: 0, y: 1 }])).toBeUndefined();
  expect(slopeOf([0, 1, 2].map((x) => ({ x, y: 3 * x + 1 })))).toBeCloseTo(3);
  const text = 'a_total{x="1"} 2\na_total{x="2"} 3.5\nab_total 9\n';
  expect(familySum(text, 'a_total')).toBe(5.5);
  expect(familySum(text, 'c_total')).toBeUndefined();
});
