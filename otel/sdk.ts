import { metrics } from '@opentelemetry/api';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider, type ViewOptions } from '@opentelemetry/sdk-metrics';
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';

/** What runs until it is shut down. */
export interface Sdk {
  shutdown(): Promise<void>;
}

interface Parts {
  readonly serviceName: string | undefined;
  readonly metricReaders: IMetricReader[];
  readonly views: ViewOptions[];
  readonly instrumentations: Instrumentation[];
}

/** Variables that the metrics part alone understands as the whole SDK does. */
const METRICS_ONLY = ['OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES'];

/** Whether anybody asks for more of OpenTelemetry than `/api/metrics`. */
export function wantsWholeSdk(environment: NodeJS.ProcessEnv): boolean {
  return Object.keys(environment).some((name) => name.startsWith('OTEL_') && !METRICS_ONLY.includes(name));
}

/** The whole SDK, with every exporter that its variables can name. */
export function startWholeSdk(
  parts: Parts,
  more: Partial<Pick<NodeSDKConfiguration, 'contextManager' | 'textMapPropagator'>>,
): Sdk {
  // Loaded here only: it takes some 15 MB of memory and a quarter of a second.
  const { NodeSDK } = require('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node');
  const { serviceName, ...rest } = parts;
  const sdk = new NodeSDK({ ...rest, ...(serviceName === undefined ? {} : { serviceName }), ...more });
  sdk.start();
  return sdk;
}

/** What the whole SDK does for metrics, alone: the same resource, readers, views and instrumentations. */
export function startMetricsSdk({ serviceName, metricReaders, views, instrumentations }: Parts): Sdk {
  const detectors = [serviceInstanceIdDetector, processDetector, hostDetector, osDetector, envDetector];
  const detected = defaultResource().merge(detectResources({ detectors }));
  const resource =
    serviceName === undefined
      ? detected
      : detected.merge(resourceFromAttributes({ 'service.name': serviceName }));
  const meterProvider = new MeterProvider({ resource, views, readers: metricReaders });
  metrics.setGlobalMeterProvider(meterProvider);
  registerInstrumentations({ instrumentations, meterProvider });
  return meterProvider;
}
