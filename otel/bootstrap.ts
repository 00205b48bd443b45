/** Loaded before everything else: `node --require ./dist/otel/bootstrap.js ./dist/src/main.js`. */
import { TelemetryConfigError } from './environment';
import { startTelemetry } from './telemetry';

try {
  startTelemetry();
} catch (error) {
  if (!(error instanceof TelemetryConfigError)) throw error;
  console.error(`La télémétrie n'a pas pu démarrer :\n${error.findings.map((f) => `- ${f}`).join('\n')}`);
  process.exit(1);
}
