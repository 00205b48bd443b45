import { parse, setOptions, type types } from 'hls-parser';
import type { Clock } from '../clock';
import { publicUrl, StreamError } from './fault';
import { httpGet } from './http-get';
import { readBody } from './read-body';

// What a playlist has wrong is a fault with a name, not a line on the console.
setOptions({ strictMode: false, silent: true });

interface HlsOptions {
  readonly url: URL;
  /** The playlist that the address answered. */
  readonly text: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Takes one whole segment, its initialisation in front. */
  readonly give: (segment: Buffer) => Promise<void>;
}

const LONGEST_PLAYLIST = 512 * 1024;
const LONGEST_SEGMENT = 6 * 1024 * 1024;
/** Variants below this are speech quality: the next one up is taken when there is one. */
const GOOD_BITS = 40_000;
/** Segments from the end to begin with: what the specification asks of players. */
const BEGIN_WITH = 3;
/** Failed refreshes in a row that a server is forgiven. */
const MOST_FAILURES = 3;

/**
 * Listens to a live HLS playlist: each segment once, in order. Resolves when the playlist says that it is over; throws
 * StreamError when it stalls, jumps, or cannot be used.
 */
export async function playHls(options: HlsOptions): Promise<void> {
  const { clock, signal, give } = options;
  let { url, playlist } = await mediaPlaylist(options.url, options.text, options);
  let next: number | undefined;
  let init: { key: string; data: Buffer } | undefined;
  let freshAt = clock.now();
  let failures = 0;
  for (;;) {
    const segments = playlist.segments.filter(({ gap }) => gap !== true);
    next ??= segments.at(-BEGIN_WITH)?.mediaSequenceNumber ?? segments[0]?.mediaSequenceNumber;
    checkContinuity(segments, next);
    let fresh = 0;
    for (const segment of segments.filter(({ mediaSequenceNumber: n }) => next !== undefined && n >= next)) {
      if (segment.key && segment.key.method !== 'NONE') {
        throw new StreamError('bad_playlist', `segments are encrypted: ${publicUrl(url)}`);
      }
      init = await initialisation(segment, url, init, options);
      const data = await load(url, segment.uri, segment.byterange, options);
      await give(init ? Buffer.concat([init.data, data]) : data);
      next = segment.mediaSequenceNumber + 1;
      fresh++;
    }
    if (fresh > 0) freshAt = clock.now();
    if (playlist.endlist) return;
    const target = Math.min(Math.max(playlist.targetDuration, 1), 30);
    const patience = Math.max(15, 3 * target);
    if (clock.now() - freshAt > patience * 1000) {
      throw new StreamError('stall', `no new segment for ${patience} s`);
    }
    await clock.sleep((fresh > 0 ? target : target / 2) * 1000, signal);
    try {
      ({ url, playlist } = await refreshed(url, options));
      failures = 0;
    } catch (error) {
      if (!(error instanceof StreamError) || ++failures >= MOST_FAILURES) throw error;
    }
  }
}

/** A hole or a jump back in the numbering cannot be one uninterrupted session. */
function checkContinuity(segments: readonly types.Segment[], next: number | undefined): void {
  const [first, last] = [segments[0], segments.at(-1)];
  if (next === undefined || !first || !last) return;
  if (first.mediaSequenceNumber > next) {
    throw new StreamError('stall', `segments ${next} to ${first.mediaSequenceNumber - 1} were missed`);
  }
  if (last.mediaSequenceNumber < next - 1) throw new StreamError('ended', 'the playlist has started again');
}

async function mediaPlaylist(url: URL, text: string, options: HlsOptions, deep = false) {
  const playlist = parsed(url, text);
  if (!playlist.isMasterPlaylist) return { url, playlist: playlist as types.MediaPlaylist };
  if (deep) throw new StreamError('bad_playlist', `a master playlist within another: ${publicUrl(url)}`);
  const uri = chosen(playlist as types.MasterPlaylist);
  if (!uri) throw new StreamError('bad_playlist', `no variant in ${publicUrl(url)}`);
  const target = resolved(uri, url);
  const body = (await load(target, target.href, undefined, options, LONGEST_PLAYLIST)).toString('utf8');
  return mediaPlaylist(target, body, options, true);
}

/** The cheapest variant that is good enough; of a video's, its separate audio where it has one. */
function chosen(master: types.MasterPlaylist): string | undefined {
  const variants = master.variants
    .filter(({ isIFrameOnly }) => !isIFrameOnly)
    .toSorted((a, b) => a.bandwidth - b.bandwidth);
  const variant = variants.find(({ bandwidth }) => bandwidth >= GOOD_BITS) ?? variants.at(-1);
  const rendition =
    variant?.audio.find(({ isDefault, uri }) => isDefault && uri) ?? variant?.audio.find(({ uri }) => uri);
  return rendition?.uri ?? variant?.uri;
}

async function refreshed(url: URL, options: HlsOptions) {
  const text = (await load(url, url.href, undefined, options, LONGEST_PLAYLIST)).toString('utf8');
  const playlist = parsed(url, text);
  if (playlist.isMasterPlaylist) throw new StreamError('bad_playlist', 'a media playlist became a master');
  return { url, playlist: playlist as types.MediaPlaylist };
}

function parsed(url: URL, text: string) {
  try {
    return parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message.split('\n')[0] : 'not HLS';
    throw new StreamError('bad_playlist', `${publicUrl(url)}: ${detail}`);
  }
}

/** The segment's initialisation section (fragmented MP4); the one at hand when it is the same. */
async function initialisation(
  segment: types.Segment,
  base: URL,
  known: { key: string; data: Buffer } | undefined,
  options: HlsOptions,
) {
  const { map } = segment;
  if (!map) return undefined;
  const key = `${map.uri}#${map.byterange?.offset ?? ''}+${map.byterange?.length ?? ''}`;
  if (known?.key === key) return known;
  return { key, data: await load(base, map.uri, map.byterange, options) };
}

async function load(
  base: URL,
  uri: string,
  range: { offset: number; length: number } | undefined,
  { clock, signal }: HlsOptions,
  limit = LONGEST_SEGMENT,
): Promise<Buffer> {
  const headers = range ? { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {};
  const answer = await httpGet(resolved(uri, base), { clock, signal, headers });
  return readBody(answer.body, limit, clock);
}

function resolved(uri: string, base: URL): URL {
  if (!URL.canParse(uri, base.href))
    throw new StreamError('bad_playlist', `not an address in ${publicUrl(base)}`);
  const url = new URL(uri, base.href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new StreamError('bad_playlist', `not http in ${publicUrl(base)}`);
  }
  return url;
}
