import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { connectInstruments } from '../../otel/metrics/instruments';

class Reader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** Connects the instruments to a meter of the test's own; `counted(otelName)` gives its points, labels to sums. */
export function countInstruments(): (otelName: string) => Promise<Record<string, number>> {
  const reader = new Reader();
  connectInstruments(new MeterProvider({ readers: [reader] }).getMeter('test'));
  return async (otelName) => {
    const { resourceMetrics } = await reader.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const points = metrics.find(({ descriptor }) => descriptor.name === otelName)?.dataPoints ?? [];
    return Object.fromEntries(
      points.map(({ attributes, value }) => [Object.values(attributes).join(' '), value as number]),
    );
  };
}
