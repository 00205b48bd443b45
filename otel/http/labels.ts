import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes, Context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import type { IAttributesProcessor } from '@opentelemetry/sdk-metrics';
import { CLIENT_CLOSED, HTTP_METHODS, UNMATCHED } from '../metrics/catalogue/http';

/** What knows the template of the route that answered; asked once, when the response is over. */
export interface RouteSource {
  route(): string | undefined;
}

const ROUTE = Symbol('sodav.route');
const METHODS = new Set<string>(HTTP_METHODS);

type Marked = { [ROUTE]?: RouteSource };

/** Says where the route of a response comes from. The last one who says so wins. */
export function setRouteSource(response: ServerResponse, source: RouteSource): void {
  (response as Marked)[ROUTE] = source;
}

/** `method`, `endpoint` and `status` of a response that is over. */
export function httpLabels(request: IncomingMessage, response: ServerResponse): Attributes {
  const method = request.method ?? 'GET';
  return {
    method: METHODS.has(method) ? method : 'OTHER',
    endpoint: (response as Marked)[ROUTE]?.route() ?? UNMATCHED,
    status: response.writableFinished ? String(response.statusCode) : CLIENT_CLOSED,
  };
}

/** What the HTTP instrumentation's hook keeps in a request's context for {@link httpAttributes}. */
export interface HttpExchange {
  request: IncomingMessage;
  response: ServerResponse;
}

const EXCHANGE = Symbol('sodav.exchange');

/** Keeps the response in the request's context: the instrumentation's own attributes know neither route nor abort. */
export function rememberExchange(context: Context, response: ServerResponse): void {
  const metadata = getRPCMetadata(context) as { [EXCHANGE]?: HttpExchange } | undefined;
  if (metadata) metadata[EXCHANGE] = { request: response.req, response };
}

/** The labels of `http.server.request.duration`. */
export const httpAttributes: IAttributesProcessor = {
  process(incoming, context) {
    if ('endpoint' in incoming) return incoming;
    const metadata = context && (getRPCMetadata(context) as { [EXCHANGE]?: HttpExchange } | undefined);
    const exchange = metadata?.[EXCHANGE];
    if (exchange) return httpLabels(exchange.request, exchange.response);
    return {
      method: String(incoming['http.request.method'] ?? 'OTHER'),
      endpoint: String(incoming['http.route'] ?? UNMATCHED),
      status: String(incoming['http.response.status_code'] ?? CLIENT_CLOSED),
    };
  },
};
