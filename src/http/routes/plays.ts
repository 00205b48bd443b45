import { Readable } from 'node:stream';
import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../errors';
import { PLAY_KINDS, PLAY_STATUSES } from '../../plays/types';
import { DETECTION_METHODS } from '../../recognition/types';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { playView, revisionView } from '../play-view';
import { given, id, moment, whole, words } from '../validate';

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

/** Filters, and for pages: `limit` (1–500) and the `cursor` of the page before. */
export const pagedPlays = z.strictObject({
  ...filters,
  limit: whole(1, 500).default(50),
  cursor: z
    .string()
    .regex(/^[\w-]{1,100}$/)
    .optional(),
});

const anyPlays = z.strictObject(filters);

/** Answers with a page of plays. */
export async function answerPage(
  ctx: RouterContext,
  plays: HttpDeps['plays'],
  query: z.output<typeof pagedPlays>,
): Promise<void> {
  const { limit, cursor, ...filter } = query;
  const page = await plays.list({ ...filterOf(filter), ...given({ cursor }), pageSize: limit });
  ctx.body = {
    plays: page.items.map(playView),
    ...(page.nextCursor === undefined ? {} : { next_cursor: page.nextCursor }),
  };
}

/** `/api/plays`: the log that royalties are computed from, as pages of JSON or as one CSV. */
export function playRoutes(define: Define, plays: HttpDeps['plays']): void {
  define('get', '/api/plays', { access: 'read', query: pagedPlays }, async (ctx, { query }) => {
    ctx.vary('Accept');
    if (ctx.accepts('application/json', 'text/csv') !== 'text/csv') return answerPage(ctx, plays, query);
    const { limit: _, cursor: __, ...filter } = query;
    answerCsv(ctx, plays, filter);
  });

  define('get', '/api/plays.csv', { access: 'read', query: anyPlays }, (ctx, { query }) =>
    answerCsv(ctx, plays, query),
  );

  define(
    'get',
    '/api/plays/:id',
    { access: 'read', params: z.object({ id: z.uuid() }) },
    async (ctx, { params }) => {
      const play = await plays.get(params.id);
      if (play === undefined) {
        throw new AppError('play_not_found', 404, {
          fr: "Cette diffusion n'existe pas.",
          en: 'This play does not exist.',
        });
      }
      ctx.body = {
        ...playView(play),
        evidence: play.evidence,
        revisions: play.revisions.map(revisionView),
      };
    },
  );
}

function filterOf(query: z.output<typeof anyPlays>) {
  const { station, track, from, to, ...rest } = query;
  return given({
    ...rest,
    stationId: station,
    trackId: track,
    from: from?.getTime(),
    to: to?.getTime(),
  });
}

/** Read in pieces: a slow reader holds neither a connection to the database nor the memory. */
function answerCsv(ctx: RouterContext, plays: HttpDeps['plays'], query: z.output<typeof anyPlays>): void {
  ctx.attachment('diffusions.csv');
  ctx.type = 'text/csv; charset=utf-8; header=present';
  ctx.body = Readable.from(plays.streamCsv(filterOf(query)));
}
