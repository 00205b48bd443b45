import type { RouterContext } from '@koa/router';
import type { Knex } from 'knex';
import { z } from 'zod';
import { AppError } from '../../errors';
import { PLAY_KINDS, PLAY_STATUSES } from '../../plays/types';
import { DETECTION_METHODS } from '../../recognition/types';
import { csvStream, PLAY_COLUMNS, playRows } from '../csv';
import type { Define } from '../endpoint';
import { everyPlay, findPlay, listPlays, type PlayCursor, type PlayFilter } from '../queries/plays';
import { id, moment, whole, words } from '../validate';

const filters = {
  from: moment.optional(),
  to: moment.optional(),
  station: id.optional(),
  track: id.optional(),
  kind: z.enum(PLAY_KINDS).optional(),
  status: z.enum(PLAY_STATUSES).optional(),
  method: z.enum(DETECTION_METHODS).optional(),
  q: words.optional(),
};

const cursorContent = z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()]);

const cursor = z
  .string()
  .max(200)
  .transform((text, ctx): PlayCursor => {
    try {
      const [at, playId] = cursorContent.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
      return { at, id: playId };
    } catch {
      ctx.addIssue({
        code: 'custom',
        params: { fr: "ce curseur n'est pas de nous", en: 'this cursor is not one of ours' },
      });
      return z.NEVER;
    }
  });

/** Filters, and for pages: `limit` (1–500) and the `cursor` of the page before. */
export const pagedPlays = z.strictObject({
  ...filters,
  limit: whole(1, 500).default(50),
  cursor: cursor.optional(),
});

/** Answers with a page of plays. */
export async function answerPage(
  ctx: RouterContext,
  knex: Knex,
  query: z.output<typeof pagedPlays>,
): Promise<void> {
  const { limit, cursor: after, ...filter } = query;
  const { plays, next } = await listPlays(knex, filter, limit, after);
  ctx.body = {
    plays,
    ...(next === undefined
      ? {}
      : { next_cursor: Buffer.from(JSON.stringify([next.at, next.id])).toString('base64url') }),
  };
}

/** `/api/plays`: the log that royalties are computed from, as pages of JSON or as one CSV. */
export function playRoutes(define: Define, knex: Knex): void {
  define('get', '/api/plays', { access: 'read', query: pagedPlays }, async (ctx, { query }) => {
    ctx.vary('Accept');
    if (ctx.accepts('application/json', 'text/csv') !== 'text/csv') return answerPage(ctx, knex, query);
    const { limit: _, cursor: __, ...filter } = query;
    answerCsv(ctx, knex, filter);
  });

  define('get', '/api/plays.csv', { access: 'read', query: z.strictObject(filters) }, (ctx, { query }) =>
    answerCsv(ctx, knex, query),
  );

  define(
    'get',
    '/api/plays/:id',
    { access: 'read', params: z.object({ id: z.uuid() }) },
    async (ctx, { params }) => {
      const play = await findPlay(knex, params.id);
      if (play === undefined) {
        throw new AppError('play_not_found', 404, {
          fr: "Cette diffusion n'existe pas.",
          en: 'This play does not exist.',
        });
      }
      ctx.body = play;
    },
  );
}

function answerCsv(ctx: RouterContext, knex: Knex, filter: PlayFilter): void {
  ctx.type = 'text/csv; charset=utf-8; header=present';
  ctx.attachment('diffusions.csv');
  ctx.type = 'text/csv; charset=utf-8; header=present';
  ctx.body = csvStream(PLAY_COLUMNS, playRows(everyPlay(knex, filter)));
}
