/**
 * Time to render N lines: `node [--require …] render.js <prom-client|sodav> <lines>`. Prints milliseconds, the
 * faster quarter's slowest: what else runs on the machine only ever adds.
 */
import { Counter, collectDefaultMetrics, register } from 'prom-client';
import { instruments } from '../../otel/metrics/instruments';
import { renderMetrics } from '../../otel/telemetry';

const [, , variant, lines] = process.argv;
const FAMILIES = [
  'detections',
  'streamReconnects',
  'plays',
  'importedFiles',
  'audioDropped',
  'reportsGenerated',
] as const;

async function main(): Promise<void> {
  const render = variant === 'sodav' ? () => renderMetrics({ fresh: true }) : () => register.metrics();
  // Process and runtime metrics are part of both, as everyone has them.
  if (variant !== 'sodav') collectDefaultMetrics();
  // The service's exposition is never empty: what it has anyway counts among the lines.
  const before = (await render()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  const perFamily = Math.ceil((Number(lines) - before) / FAMILIES.length);
  for (const family of FAMILIES) {
    if (variant === 'sodav') {
      const counter = instruments[family] as { add(n: number, labels: object): void };
      for (let i = 0; i < perFamily; i++) counter.add(1, { bench: `value ${i}`, status: 'success' });
    } else {
      const counter = new Counter({ name: `${family}_total`, help: family, labelNames: ['bench', 'status'] });
      for (let i = 0; i < perFamily; i++) counter.inc({ bench: `value ${i}`, status: 'success' });
    }
  }
  const times: number[] = [];
  for (let i = 0; i < 60; i++) {
    const started = performance.now();
    await render();
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  console.log(times[15]!.toFixed(2));
  process.exit(0);
}

void main();
