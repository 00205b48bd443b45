import type { Alerts } from '../alerts';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { type PageContent, renderPage } from '../page/page';
import { playView } from '../play-view';
import { overview } from '../queries/overview';

/** For how long what was read is shown to others too, in milliseconds: many readers cost the database no more than one. */
const FRESH_MS = 1_000;
/** For how long the page waits for the database before it says that it does not answer, in milliseconds. */
const PATIENCE_MS = 3_000;

type PageDeps = Pick<HttpDeps, 'knex' | 'plays' | 'clock' | 'log' | 'settings' | 'stations' | 'listening'> & {
  alerts: Alerts;
};

/** `/`: what is going on, for people. */
export function pageRoutes(define: Define, deps: PageDeps): void {
  const { clock, settings, alerts, log } = deps;
  let read: Promise<PageContent['stored']> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  const stored = (): Promise<PageContent['stored']> => {
    if (read === undefined || performance.now() - readAt > FRESH_MS) {
      readAt = performance.now();
      read = withPatience(readStored(deps)).catch((err) => {
        log.debug({ err }, 'page sans base de données');
        return undefined;
      });
    }
    return read;
  };

  define('get', '/', { access: 'read' }, async (ctx) => {
    const content = await stored();
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = renderPage(
      {
        now: clock.now(),
        demo: settings.demo,
        links: settings.links,
        alerts: alerts.firing(),
        ...(content === undefined ? {} : { stored: content }),
      },
      ctx.state.nonce,
    );
  });
}

/** The last plays on the page. */
const LAST = 15;
/** An open play that was not heard for this long is not said to be on the air, in milliseconds. */
const STILL_ON_AIR_MS = 60_000;

async function readStored({
  knex,
  plays,
  clock,
  stations,
  listening,
}: PageDeps): Promise<PageContent['stored']> {
  const now = clock.now();
  const [list, open, last, figures] = await Promise.all([
    stations.list(),
    plays.list({ status: 'open', pageSize: 500 }),
    plays.list({ pageSize: LAST }),
    overview(knex, new Date(Math.floor(now / 86_400_000) * 86_400_000)),
  ]);
  return {
    stations: list.map((station) => ({ station, status: listening.status(station.id) })),
    onAir: open.items.filter(({ endedAt }) => endedAt >= now - STILL_ON_AIR_MS).map(playView),
    last: last.items.map(playView),
    figures,
  };
}

async function withPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the database is too slow')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
