/** Auto-instrumentation as its README has it, without traces: the variant that most would start with. */
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK } from '@opentelemetry/sdk-node';

process.env.OTEL_TRACES_EXPORTER = 'none';
process.env.OTEL_LOGS_EXPORTER = 'none';
new NodeSDK({
  metricReaders: [new PrometheusExporter({ preventServerStart: true })],
  instrumentations: [getNodeAutoInstrumentations()],
}).start();
