import { renderMetrics, startTelemetry } from '../../otel/telemetry';
import { Exposition } from './exposition';

export { Exposition, type Family, type Sample } from './exposition';

startTelemetry();

/** Telemetry of this test file, started by importing this module; import it before what makes HTTP servers. */
export async function scrape(): Promise<Exposition> {
  return new Exposition(await renderMetrics({ fresh: true }));
}
