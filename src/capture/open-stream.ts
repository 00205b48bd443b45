import type { Clock } from '../clock';
import { publicUrl, StreamError } from './fault';
import { type HttpAnswer, httpGet } from './http-get';
import { isHls, playlistEntries } from './playlist';
import { readBody } from './read-body';

/** What a station's address turned out to be. */
export type OpenedStream =
  | { readonly kind: 'bytes'; readonly url: URL; readonly answer: HttpAnswer }
  | { readonly kind: 'hls'; readonly url: URL; readonly text: string };

const LONGEST_PLAYLIST = 512 * 1024;
const DEEPEST = 3;
const PLAYLIST_TYPE = /mpegurl|scpls|pls\+xml/i;
const PLAYLIST_PATH = /\.(?:m3u8?|pls)$/i;
const AUDIO_TYPE = /^(?:audio\/|application\/(?:ogg|octet-stream)|video\/(?:ogg|mpeg|mp2t)|binary\/)/i;
const TEXT_TYPE = /^text\/plain/i;

/**
 * Follows redirects and playlists until there is audio or an HLS playlist. Throws StreamError; of several entries that
 * all fail, the last one's.
 */
export async function openStream(
  url: URL,
  options: { clock: Clock; signal: AbortSignal },
  depth = 0,
): Promise<OpenedStream> {
  const answer = await httpGet(url, { ...options, headers: { 'Icy-MetaData': '1' } });
  const type = (answer.headers['content-type'] ?? '').trim();
  const named = PLAYLIST_PATH.test(answer.url.pathname);
  const playlist =
    PLAYLIST_TYPE.test(type) || (named && (type === '' || !/^audio\/(?:mpeg|aac|ogg)$/i.test(type)));
  if (!playlist && !TEXT_TYPE.test(type)) {
    // Without a type the bytes must show what they are.
    if (type === '' || AUDIO_TYPE.test(type)) return { kind: 'bytes', url: answer.url, answer };
    answer.body.destroy();
    throw new StreamError('wrong_content_type', `${type} from ${publicUrl(answer.url)}`);
  }
  const text = (await readBody(answer.body, LONGEST_PLAYLIST, options.clock)).toString('utf8');
  if (isHls(text)) return { kind: 'hls', url: answer.url, text };
  if (!playlist && !/^\s*(?:#EXTM3U|\[playlist\])/i.test(text)) {
    throw new StreamError('wrong_content_type', `${type} from ${publicUrl(answer.url)}`);
  }
  const entries = playlistEntries(text, answer.url);
  if (entries.length === 0) throw new StreamError('bad_playlist', `no stream in ${publicUrl(answer.url)}`);
  if (depth >= DEEPEST)
    throw new StreamError('bad_playlist', `playlists within playlists: ${publicUrl(url)}`);
  let failure: unknown;
  for (const entry of entries) {
    try {
      return await openStream(entry, options, depth + 1);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      failure = error;
    }
  }
  throw failure;
}
