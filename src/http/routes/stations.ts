import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../errors';
import type { Station } from '../../stations/types';
import { shownUrl, stationInput, stationPatch } from '../../stations/validate';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { playView } from '../play-view';
import { id } from '../validate';
import { answerPage, pagedPlays } from './plays';

/** The stations' own schemas speak French; this is the same in English. */
const ENGLISH: Readonly<Record<string, string>> = {
  'un nom est attendu': 'a name is expected',
  'le nom doit avoir de 1 à 100 caractères': 'the name must have 1 to 100 characters',
  'le nom contient des caractères de commande': 'the name holds control characters',
  'une adresse de flux est attendue': "a stream's address is expected",
  "l'adresse dépasse 2000 caractères": 'the address is longer than 2000 characters',
  "l'adresse doit commencer par http:// ou https://": 'the address must begin with http:// or https://',
  'paused est vrai ou faux': 'paused is true or false',
  'rien à changer': 'nothing to change',
};

const params = z.object({ id });

type StationDeps = Pick<HttpDeps, 'stations' | 'listening' | 'plays' | 'clock'>;

/** `/api/stations`: what is listened to, and how that goes. */
export function stationRoutes(define: Define, deps: StationDeps): void {
  const { stations, listening, plays, clock } = deps;
  const found = async (stationId: number): Promise<Station> => {
    const station = await stations.get(stationId);
    if (station === undefined) throw unknownStation();
    return station;
  };

  define('get', '/api/stations', { access: 'read' }, async (ctx) => {
    ctx.body = { stations: (await stations.list()).map((station) => stationView(station, deps)) };
  });

  define(
    'post',
    '/api/stations',
    { access: 'write', body: stationInput, english: ENGLISH },
    async (ctx, { body }) => {
      const station = await stations.add(body);
      listening.apply(station);
      ctx.status = 201;
      ctx.set('Location', `/api/stations/${station.id}`);
      ctx.body = stationView(station, deps);
    },
  );

  define('get', '/api/stations/:id', { access: 'read', params }, async (ctx, input) => {
    ctx.body = stationView(await found(input.params.id), deps);
  });

  define(
    'patch',
    '/api/stations/:id',
    { access: 'write', params, body: stationPatch, english: ENGLISH },
    async (ctx, input) => {
      await found(input.params.id);
      const station = await stations.change(input.params.id, input.body);
      listening.apply(station);
      ctx.body = stationView(station, deps);
    },
  );

  define('delete', '/api/stations/:id', { access: 'write', params }, async (ctx: RouterContext, input) => {
    await found(input.params.id);
    await stations.remove(input.params.id);
    await listening.remove(input.params.id);
    ctx.status = 204;
  });

  define('get', '/api/stations/:id/now', { access: 'read', params }, async (ctx, input) => {
    const station = await found(input.params.id);
    const now = clock.now();
    const play = await plays.now(station.id, now);
    ctx.body = {
      station: stationView(station, deps),
      at: new Date(now).toISOString(),
      ...(play === undefined ? {} : { play: playView(play) }),
    };
  });

  define(
    'get',
    '/api/stations/:id/plays',
    { access: 'read', params, query: pagedPlays.omit({ station: true }) },
    async (ctx, input) => {
      const station = await found(input.params.id);
      await answerPage(ctx, plays, { ...input.query, station: station.id });
    },
  );
}

/** A station as readers get it, with its state where it has one yet. */
export function stationView(station: Station, deps: Pick<HttpDeps, 'listening'>): object {
  const status = deps.listening.status(station.id);
  return {
    id: station.id,
    name: station.name,
    url: shownUrl(station.url),
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

function unknownStation(): AppError {
  return new AppError('station_not_found', 404, {
    fr: "Cette station n'existe pas.",
    en: 'This station does not exist.',
  });
}
