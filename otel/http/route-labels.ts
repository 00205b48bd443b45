import type { ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { isIgnoredPath } from './ignored';
import { setRouteSource } from './labels';

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
 * The first layer of a router (`router.use(routeLabels(router))`, before everything else): the request's `endpoint` is
 * the template of the route that answered. With the router as argument its routes are served at zero from the start.
 */
export function routeLabels(
  router?: RouterLike,
): (ctx: RoutedContext, next: () => Promise<unknown>) => Promise<unknown> {
  if (router) routers.add(router);
  return (ctx, next) => {
    setRouteSource(ctx.res, () => routeOf(ctx));
    // With traces on, spans take the route from here.
    const metadata = getRPCMetadata(context.active());
    if (metadata) {
      const route = routeOf(ctx);
      if (route !== undefined) metadata.route = route;
    }
    return next();
  };
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
