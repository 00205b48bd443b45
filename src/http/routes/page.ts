import type { Alerts } from '../alerts';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { type PageContent, renderPage } from '../page/page';
import { overview } from '../queries/overview';
import { listPlays, openPlays } from '../queries/plays';
import { STILL_ON_AIR_MS } from './stations';

/** For how long what was read is shown to others too, in milliseconds: many readers cost the database no more than one. */
const FRESH_MS = 1_000;
/** For how long the page waits for the database before it says that it does not answer, in milliseconds. */
const PATIENCE_MS = 3_000;

type PageDeps = Pick<HttpDeps, 'knex' | 'clock' | 'log' | 'settings' | 'stations' | 'listening'> & {
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

async function readStored({ knex, clock, stations, listening }: PageDeps): Promise<PageContent['stored']> {
  const now = clock.now();
  const [list, onAir, { plays: last }, figures] = await Promise.all([
    stations.list(),
    openPlays(knex, new Date(now - STILL_ON_AIR_MS)),
    listPlays(knex, {}, 15),
    overview(knex, new Date(Math.floor(now / 86_400_000) * 86_400_000)),
  ]);
  return {
    stations: list.map((station) => ({ station, status: listening.status(station.id) })),
    onAir,
    last,
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
