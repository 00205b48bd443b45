import type Router from '@koa/router';
import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { readJson } from './middleware/json-body';
import { valid } from './validate';

/** Who may call: anybody, those who may read, those who may change. */
export type Access = 'open' | 'read' | 'write';

export type Guard = (ctx: RouterContext, access: Access) => Promise<void>;

type Method = 'get' | 'post' | 'patch' | 'delete';

interface Spec<P, Q, B> {
  /** A function decides by itself, after the check of an open endpoint. */
  readonly access: Access | ((ctx: RouterContext) => Promise<void>);
  /** Query parameters; without a schema there are none, and any that comes is refused. */
  readonly query?: z.ZodType<Q>;
  readonly params?: z.ZodType<P>;
  /** A JSON body; without a schema the body is left alone. */
  readonly body?: z.ZodType<B>;
  /** English of the messages that the body's schema itself has in French. */
  readonly english?: Readonly<Record<string, string>>;
}

interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

export type Define = <P = unknown, Q = unknown, B = unknown>(
  method: Method,
  path: string,
  spec: Spec<P, Q, B>,
  handle: (ctx: RouterContext, input: Input<P, Q, B>) => Promise<void> | void,
) => void;

const nothing = z.strictObject({});

/**
 * How every route is made: who may call it is asked first, then everything that comes in is validated, and only then
 * does its own code run.
 */
export function definer(router: Router, guard: Guard): Define {
  return (method, path, spec, handle) => {
    router[method](path, async (ctx: RouterContext) => {
      if (typeof spec.access === 'function') {
        await guard(ctx, 'open');
        await spec.access(ctx);
      } else {
        await guard(ctx, spec.access);
      }
      const params = spec.params && valid(spec.params, { ...ctx.params }, 'invalid_address');
      const query = valid<unknown>(spec.query ?? nothing, { ...ctx.query }, 'invalid_query');
      const body = spec.body && valid(spec.body, await readJson(ctx), 'invalid_body', spec.english);
      await handle(ctx, { params, query, body } as Parameters<typeof handle>[1]);
    });
  };
}
