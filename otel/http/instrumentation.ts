import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type Histogram, ROOT_CONTEXT } from '@opentelemetry/api';
import { InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { isIgnoredPath } from './ignored';
import { httpLabels } from './labels';

interface HttpModule {
  readonly Server: { readonly prototype: Server };
}

type Emit = (this: Server, event: string, ...args: unknown[]) => boolean;

type Record = (milliseconds: number, response: ServerResponse) => void;

/** The base class's own instrument, private in its types. */
interface Recorder {
  readonly _httpServerDurationHistogram: Histogram;
}

const STARTED = Symbol('sodav.started');

type Timed = ServerResponse & { [STARTED]: number };

/** The path alone decides: a query string changes nothing. */
export function ignored(request: IncomingMessage): boolean {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return isIgnoredPath(query === -1 ? url : url.slice(0, query));
}

/**
 * OpenTelemetry's HTTP instrumentation when nobody traces: its histogram, its way of patching, but of the incoming side
 * only the moment of arrival and the moment of the response's end. Everything that only a span needs (parsed URLs,
 * forwarded headers, contexts bound to request and response) is left out: it costs a third of the throughput.
 */
export class MetricsOnlyHttpInstrumentation extends HttpInstrumentation {
  // Called by the base class's constructor: nothing of this class's own is there yet.
  override init(): [InstrumentationNodeModuleDefinition, InstrumentationNodeModuleDefinition] {
    const record: Record = (milliseconds, response) =>
      (this as unknown as Recorder)._httpServerDurationHistogram.record(
        milliseconds / 1000,
        httpLabels(response.req, response),
        ROOT_CONTEXT,
      );
    const definition = (name: string) =>
      new InstrumentationNodeModuleDefinition(
        name,
        ['*'],
        (exported: HttpModule) => {
          this._wrap(exported.Server.prototype, 'emit', (original) => patched(original as Emit, record));
          return exported;
        },
        (exported?: HttpModule) => {
          if (exported) this._unwrap(exported.Server.prototype, 'emit');
        },
      );
    return [definition('https'), definition('http')];
  }
}

function patched(original: Emit, record: Record): Emit {
  // One function for all responses: a closure for each would be made and thrown away with every request.
  function over(this: Timed) {
    record(performance.now() - this[STARTED], this);
  }
  return function emit(this: Server, event: string, ...args: unknown[]): boolean {
    if (event === 'request' && !ignored(args[0] as IncomingMessage)) {
      const response = args[1] as Timed;
      response[STARTED] = performance.now();
      response.on('close', over);
    }
    return original.call(this, event, ...args);
  };
}
