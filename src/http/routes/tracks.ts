import { z } from 'zod';
import { AppError } from '../../errors';
import type { Track } from '../../library/types';
import type { HttpDeps } from '../deps';
import type { Define } from '../endpoint';
import { listArtists } from '../queries/artists';
import { receiveUpload } from '../upload';
import { id, whole, words } from '../validate';

const paging = z.strictObject({
  q: words.optional(),
  page: whole(1, 100_000).default(1),
  page_size: whole(1, 500).default(50),
});

const params = z.object({ id });

type TrackDeps = Pick<HttpDeps, 'library' | 'knex' | 'settings'>;

/** `/api/tracks` and `/api/artists`: the reference library. */
export function trackRoutes(define: Define, { library, knex, settings }: TrackDeps): void {
  define('get', '/api/tracks', { access: 'read', query: paging }, async (ctx, { query }) => {
    const { q, page, page_size } = query;
    const found = await library.search({ ...(q === undefined ? {} : { q }), page, pageSize: page_size });
    ctx.body = { tracks: found.items.map(trackView), total: found.total, page, page_size };
  });

  define('post', '/api/tracks', { access: 'write' }, async (ctx) => {
    const upload = await receiveUpload(ctx, settings.uploadDir);
    try {
      const { trackId, status, warnings } = await library.importFile(upload.path, {
        originalName: upload.name,
        source: 'upload',
      });
      const track = await library.get(trackId);
      ctx.status = status === 'imported' ? 201 : 200;
      ctx.set('Location', `/api/tracks/${trackId}`);
      ctx.body = { status, warnings, ...(track === undefined ? {} : { track: trackView(track) }) };
    } finally {
      await upload.discard();
    }
  });

  define('get', '/api/tracks/:id', { access: 'read', params }, async (ctx, input) => {
    const track = await library.get(input.params.id);
    if (track === undefined) {
      throw new AppError('track_not_found', 404, {
        fr: `Aucun titre ne porte le numéro ${input.params.id}.`,
        en: `There is no track number ${input.params.id}.`,
      });
    }
    ctx.body = trackView(track);
  });

  define('delete', '/api/tracks/:id', { access: 'write', params }, async (ctx, input) => {
    await library.delete(input.params.id);
    ctx.status = 204;
  });

  define('get', '/api/artists', { access: 'read', query: paging }, async (ctx, { query }) => {
    const { q, page, page_size } = query;
    const { artists, total } = await listArtists(knex, { q, page, pageSize: page_size });
    ctx.body = { artists, total, page, page_size };
  });
}

function trackView(track: Track): object {
  return {
    id: track.id,
    title: track.title,
    artists: track.artists,
    ...(track.album === undefined ? {} : { album: track.album }),
    ...(track.label === undefined ? {} : { label: track.label }),
    ...(track.isrc === undefined ? {} : { isrc: track.isrc }),
    ...(track.durationS === undefined ? {} : { duration_s: track.durationS }),
    source: track.source,
    ...(track.externalId === undefined ? {} : { external_id: track.externalId }),
    simulated: track.simulated,
    ...(track.sameAs === undefined ? {} : { same_as: track.sameAs }),
    duplicates: track.duplicates,
    fingerprinted: track.fingerprinted,
    created_at: track.createdAt.toISOString(),
  };
}
