import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../errors';
import type { HttpDeps, Station } from '../deps';
import type { Define } from '../endpoint';
import { openPlays } from '../queries/plays';
import { id } from '../validate';
import { answerPage, pagedPlays } from './plays';

/** An open play that was not heard for this long is not said to be on the air, in milliseconds. */
export const STILL_ON_AIR_MS = 60_000;

const address = z
  .string()
  .trim()
  .max(2_000)
  .refine(
    (text) => {
      try {
        return ['http:', 'https:'].includes(new URL(text).protocol);
      } catch {
        return false;
      }
    },
    {
      params: {
        fr: 'une adresse http:// ou https:// est attendue',
        en: 'an http:// or https:// address is expected',
      },
    },
  );

const name = z.string().trim().min(1).max(120);

const addition = z.strictObject({ name, url: address, paused: z.boolean().optional() });

const patch = z
  .strictObject({ name: name.optional(), url: address.optional(), paused: z.boolean().optional() })
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    params: { fr: 'rien à changer : name, url ou paused', en: 'nothing to change: name, url or paused' },
  });

const params = z.object({ id });

type StationDeps = Pick<HttpDeps, 'stations' | 'listening' | 'knex' | 'clock'>;

/** `/api/stations`: what is listened to, and how that goes. */
export function stationRoutes(define: Define, deps: StationDeps): void {
  const { stations, listening, knex, clock } = deps;
  const found = async (stationId: number): Promise<Station> => {
    const station = await stations.get(stationId);
    if (station === undefined) throw unknownStation();
    return station;
  };

  define('get', '/api/stations', { access: 'read' }, async (ctx) => {
    ctx.body = { stations: (await stations.list()).map((station) => stationView(station, deps)) };
  });

  define('post', '/api/stations', { access: 'write', body: addition }, async (ctx, { body }) => {
    const station = await stations.add(body);
    listening.apply(station);
    ctx.status = 201;
    ctx.set('Location', `/api/stations/${station.id}`);
    ctx.body = stationView(station, deps);
  });

  define('get', '/api/stations/:id', { access: 'read', params }, async (ctx, input) => {
    ctx.body = stationView(await found(input.params.id), deps);
  });

  define('patch', '/api/stations/:id', { access: 'write', params, body: patch }, async (ctx, input) => {
    await found(input.params.id);
    const station = await stations.change(input.params.id, input.body);
    listening.apply(station);
    ctx.body = stationView(station, deps);
  });

  define('delete', '/api/stations/:id', { access: 'write', params }, async (ctx: RouterContext, input) => {
    await found(input.params.id);
    await stations.remove(input.params.id);
    await listening.remove(input.params.id);
    ctx.status = 204;
  });

  define('get', '/api/stations/:id/now', { access: 'read', params }, async (ctx, input) => {
    const station = await found(input.params.id);
    const now = clock.now();
    ctx.body = {
      station: stationView(station, deps),
      at: new Date(now).toISOString(),
      plays: await openPlays(knex, new Date(now - STILL_ON_AIR_MS), station.id),
    };
  });

  define(
    'get',
    '/api/stations/:id/plays',
    { access: 'read', params, query: pagedPlays.omit({ station: true }) },
    async (ctx, input) => {
      const station = await found(input.params.id);
      await answerPage(ctx, knex, { ...input.query, station: station.id });
    },
  );
}

/** A station as readers get it, with its state where it has one yet. */
export function stationView(station: Station, deps: Pick<HttpDeps, 'listening'>): object {
  const status = deps.listening.status(station.id);
  return {
    id: station.id,
    name: station.name,
    url: withoutCredentials(station.url),
    paused: station.paused,
    simulated: station.simulated,
    ...(status === undefined
      ? {}
      : {
          state: status.state,
          reason: status.reason,
          since: new Date(status.since).toISOString(),
          ...(status.lastAudioAt === undefined
            ? {}
            : { last_audio_at: new Date(status.lastAudioAt).toISOString() }),
          ...(status.title === undefined ? {} : { stream_title: status.title }),
          ...(status.codec === undefined ? {} : { codec: status.codec }),
          reconnects_today: status.reconnectsToday,
          ...(status.coverageToday === undefined ? {} : { coverage_today: status.coverageToday }),
        }),
  };
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  if (url.username === '' && url.password === '') return text;
  url.username = '';
  url.password = '';
  return url.toString();
}

function unknownStation(): AppError {
  return new AppError('station_not_found', 404, {
    fr: "Cette station n'existe pas.",
    en: 'This station does not exist.',
  });
}
