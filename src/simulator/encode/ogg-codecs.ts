import { AIR_RATE } from '../air';
import { commentBody } from './comments';
import type { AudioEncoder } from './encoder';
import { OggMuxer } from './ogg';

/**
 * A muxer for what an encoder gives.
 * @param start position, in samples at AIR_RATE, at which this logical stream begins
 */
export function oggFor(
  encoder: AudioEncoder,
  serial: number,
  tags: ReadonlyArray<readonly [string, string]>,
  start = 0,
): OggMuxer {
  const comment = commentBody(tags);
  switch (encoder.codec) {
    case 'vorbis': {
      const [identification, , setup] = unlace(encoder.headers);
      const middle = Buffer.concat([Buffer.from('\x03vorbis', 'latin1'), comment, Buffer.from([1])]);
      return new OggMuxer(serial, [identification!, middle, setup!], (end) => end - start);
    }
    case 'opus': {
      const opusTags = Buffer.concat([Buffer.from('OpusTags', 'latin1'), comment]);
      // Opus counts at 48 kHz whatever went in.
      return new OggMuxer(serial, [encoder.headers, opusTags], (end) => ((end - start) * 48_000) / AIR_RATE);
    }
    case 'flac': {
      const info = Buffer.concat([
        Buffer.from('\x7fFLAC\x01\x00\x00\x01fLaC', 'latin1'),
        metadataBlock(0, false, encoder.headers),
      ]);
      return new OggMuxer(serial, [info, metadataBlock(4, true, comment)], (end) => end - start);
    }
    default:
      throw new RangeError(`${encoder.codec} is not sent in Ogg here`);
  }
}

/** A FLAC metadata block: type 0 is STREAMINFO, 4 a Vorbis comment. */
export function metadataBlock(type: number, last: boolean, body: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(((last ? 0x80 : 0) | type) * 0x1000000 + body.length);
  return Buffer.concat([header, body]);
}

/** The three Vorbis header packets out of their Xiph-laced form. */
function unlace(headers: Buffer): Buffer[] {
  const count = headers[0]! + 1;
  const sizes: number[] = [];
  let at = 1;
  for (let i = 0; i < count - 1; i++) {
    let size = 0;
    while (headers[at] === 255) size += headers[at++]!;
    size += headers[at++]!;
    sizes.push(size);
  }
  return [...sizes, headers.length - at - sizes.reduce((a, b) => a + b, 0)].map((size) => {
    at += size;
    return headers.subarray(at - size, at);
  });
}
