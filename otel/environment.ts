/** What of the standard OTEL_* variables the service acts on. Nothing is exported unless it is asked for. */
export interface ExportSettings {
  readonly traces: boolean;
  readonly metrics: boolean;
  /** Between two exports of metrics, ms. */
  readonly metricsIntervalMs: number;
}

/** Wrong OTEL_* variables, one line each, in French. */
export class TelemetryConfigError extends Error {
  constructor(readonly findings: readonly string[]) {
    super(findings.join('\n'));
    this.name = 'TelemetryConfigError';
  }
}

/** @throws TelemetryConfigError with every finding at once */
export function exportSettings(environment: NodeJS.ProcessEnv): ExportSettings {
  const findings: string[] = [];
  const value = (name: string) => environment[name]?.trim() || undefined;
  const oneOf = (name: string, allowed: readonly string[]): string | undefined => {
    const given = value(name);
    if (given !== undefined && !allowed.includes(given)) {
      findings.push(`${name} : une de ces valeurs est attendue : ${allowed.join(', ')} (reçu « ${given} »).`);
    }
    return given;
  };
  const traces = oneOf('OTEL_TRACES_EXPORTER', ['otlp', 'console', 'none']);
  const metrics = oneOf('OTEL_METRICS_EXPORTER', ['otlp', 'none']);
  const protocol = oneOf('OTEL_EXPORTER_OTLP_PROTOCOL', ['http/protobuf', 'http/json', 'grpc']);
  oneOf('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', ['http/protobuf', 'http/json', 'grpc']);
  const metricsProtocol = oneOf('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', ['http/protobuf']);
  if (metrics === 'otlp' && (metricsProtocol ?? protocol ?? 'http/protobuf') !== 'http/protobuf') {
    findings.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL : les métriques ne partent qu'en http/protobuf (reçu « ${protocol} ») ; le dire par OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/protobuf.`,
    );
  }
  for (const name of ['', '_TRACES', '_METRICS'].map((part) => `OTEL_EXPORTER_OTLP${part}_ENDPOINT`)) {
    const given = value(name);
    if (given !== undefined && !URL.canParse(given)) {
      findings.push(`${name} : une adresse http://… est attendue (reçu « ${given} »).`);
    }
  }
  const interval = value('OTEL_METRIC_EXPORT_INTERVAL') ?? '60000';
  if (!/^\d{2,9}$/.test(interval)) {
    findings.push(`OTEL_METRIC_EXPORT_INTERVAL : des millisecondes sont attendues (reçu « ${interval} »).`);
  }
  if (findings.length > 0) throw new TelemetryConfigError(findings);
  return {
    traces: traces !== undefined && traces !== 'none',
    metrics: metrics === 'otlp',
    metricsIntervalMs: Number(interval),
  };
}
