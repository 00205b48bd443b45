import { expect, test } from 'vitest';
import { registerCollector } from './collectors';
import { instruments } from './instruments';
import { METRIC } from './names';

/** Compiled, never run: each line below an expectation must be refused by the compiler (`tsc` runs before tests). */
function wrongUses(): void {
  // @ts-expect-error a value that the label does not have
  instruments.detections.add(1, { detection_method: 'local', status: 'sucess' });
  // @ts-expect-error a label is missing
  instruments.detections.add(1, { detection_method: 'local' });
  // @ts-expect-error no labels at all
  instruments.detections.add(1);
  // @ts-expect-error a label that the metric does not have
  instruments.plays.add(1, { kind: 'track', status: 'complete', station: 'x' });
  // @ts-expect-error labels where the metric has none
  instruments.audioHeard.add(1, { station: 'x' });
  // @ts-expect-error a counter does not record
  instruments.audioHeard.record(1);
  // @ts-expect-error a histogram does not add
  instruments.dbQueryDuration.add(1, { operation: 'select', table: 'x' });
  // @ts-expect-error HTTP requests are counted by the instrumentation, never by hand
  instruments.httpRequests.add(1, { method: 'GET', endpoint: '/', status: '200' });
  // @ts-expect-error gauges belong to collectors
  instruments.trackCount.record(1);
  // @ts-expect-error no such metric
  instruments.trackCuont.add(1);
  registerCollector({
    name: 'x',
    metrics: ['trackCount', 'stations'],
    collect(observe) {
      observe('trackCount', 1);
      observe('stations', 1, { state: 'lost' });
      // @ts-expect-error a state that there is not
      observe('stations', 1, { state: 'gone' });
      // @ts-expect-error a gauge that this collector has not named
      observe('artistCount', 1);
    },
  });
  // @ts-expect-error counters are not collected
  registerCollector({ name: 'y', metrics: ['plays'], collect: () => undefined });
}

test('names are literal types for those who write queries', () => {
  const name: 'sodav_detections_total' = METRIC.detections.name;
  expect(name).toBe('sodav_detections_total');
  expect(wrongUses).toBeTypeOf('function');
});
