import type { Codec } from '../types';

/** What the first packet of a logical Ogg stream says it is; undefined for what is not audio of ours. */
export function oggCodec(first: Buffer): Codec | undefined {
  if (first.length >= 30 && first.toString('latin1', 0, 7) === '\x01vorbis') return 'vorbis';
  if (first.length >= 19 && first.toString('latin1', 0, 8) === 'OpusHead') return 'opus';
  if (first.length >= 51 && first.toString('latin1', 0, 5) === '\x7fFLAC') return 'flac';
  return undefined;
}

/** Header packets before the audio; for FLAC, whose count may be unknown, the least. */
export const OGG_HEADERS: Partial<Record<Codec, number>> = { vorbis: 3, opus: 2, flac: 2 };

/** The header packets in the form that the decoder takes. */
export function oggSetup(codec: Codec, headers: readonly Buffer[]): Buffer {
  const [first, , third] = headers;
  if (codec === 'opus') return first!;
  if (codec === 'flac') return first!.subarray(17, 51);
  const sizes = headers.slice(0, 2).flatMap(({ length }) => {
    const laced = new Array<number>(Math.floor(length / 255)).fill(255);
    return [...laced, length % 255];
  });
  return Buffer.concat([Buffer.from([2, ...sizes]), first!, headers[1]!, third!]);
}

/** `artist - title` from the comment packet; undefined when there is no title. */
export function oggTitle(codec: Codec, comment: Buffer): string | undefined {
  const start = codec === 'vorbis' ? 7 : codec === 'opus' ? 8 : 4;
  const tags = new Map<string, string>();
  let at = start;
  const text = (): string | undefined => {
    if (at + 4 > comment.length) return undefined;
    const length = comment.readUInt32LE(at);
    at += 4;
    if (at + length > comment.length) return undefined;
    at += length;
    return comment.toString('utf8', at - length, at);
  };
  if (text() === undefined || at + 4 > comment.length) return undefined;
  const count = Math.min(comment.readUInt32LE(at), 1000);
  at += 4;
  for (let i = 0; i < count; i++) {
    const entry = text();
    if (entry === undefined) break;
    const cut = entry.indexOf('=');
    if (cut > 0) tags.set(entry.slice(0, cut).toLowerCase(), entry.slice(cut + 1).trim());
  }
  const [artist, title] = [tags.get('artist'), tags.get('title')];
  if (!title) return undefined;
  return artist ? `${artist} - ${title}` : title;
}
