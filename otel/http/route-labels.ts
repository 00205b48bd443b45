import type { ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { isIgnoredPath } from './ignored';
import { type RouteSource, setRouteSource } from './labels';
import { spansWanted } from './spans';

/** The parts of @koa/router's context that tell the route. */
export interface RoutedContext {
  readonly method: string;
  readonly res: ServerResponse;
  matched?: readonly RouteLayer[] | undefined;
  _matchedRoute?: string | RegExp | undefined;
}

interface RouteLayer {
  readonly path: string | RegExp;
  readonly methods: readonly string[];
}

interface RouterLike {
  readonly stack: readonly RouteLayer[];
}

/** Routes that exist, `GET /api/tracks/:id`: they are served at zero before anyone asks for them. */
const routers = new Set<RouterLike>();

/**
 * Middleware that gives each request its `endpoint`: the template of the route that answered, looked up when the
 * response is over. `app.use(routeLabels(router))` before the routers (cheapest), or as a router's first layer. Routes
 * of the routers named are served at zero from the start.
 */
export function routeLabels(
  ...named: RouterLike[]
): (ctx: RoutedContext, next: () => Promise<unknown>) => Promise<unknown> {
  for (const router of named) routers.add(router);
  return (ctx, next) => {
    setRouteSource(ctx.res, new RoutedBy(ctx));
    if (!spansWanted()) return next();
    const metadata = getRPCMetadata(context.active());
    return metadata ? withSpanRoute(ctx, next, metadata) : next();
  };
}

class RoutedBy implements RouteSource {
  constructor(private readonly ctx: RoutedContext) {}
  route(): string | undefined {
    return routeOf(this.ctx);
  }
}

/** With traces on, the request's span takes its route from its context. */
async function withSpanRoute(
  ctx: RoutedContext,
  next: () => Promise<unknown>,
  metadata: { route?: string },
): Promise<unknown> {
  try {
    return await next();
  } finally {
    const route = routeOf(ctx);
    if (route === undefined) delete metadata.route;
    else metadata.route = route;
  }
}

/** The route whose handler ran last, or of those that match the first: the one that a guard kept from running. */
function routeOf(ctx: RoutedContext): string | undefined {
  const routes = (ctx.matched ?? []).filter((layer) => layer.methods.includes(ctx.method));
  const entered = routes.find((layer) => layer.path === ctx._matchedRoute);
  const path = (entered ?? routes[0])?.path;
  return path === undefined ? undefined : String(path);
}

/** Methods and templates of all routers that have told us. */
export function knownRoutes(): { method: string; endpoint: string }[] {
  return [...routers]
    .flatMap((router) => router.stack)
    .filter((layer) => !isIgnoredPath(String(layer.path)))
    .flatMap((layer) =>
      layer.methods
        .filter((method) => method !== 'HEAD')
        .map((method) => ({ method, endpoint: String(layer.path) })),
    );
}
