import { HEADER_BYTES, type HeaderReader } from './frame-header';

/** Frames that must follow one another before bytes are believed to be a stream: two sync words in noise are common. */
const PROOF = 4;

/**
 * Cuts a byte stream into frames. Out of sync, a header counts only when PROOF frames follow one another; in sync, the
 * next header must be where the last one said. ID3 tags in between (HLS puts them before segments) are stepped over.
 */
export class Framer {
  private rest: Buffer = Buffer.alloc(0);
  private kind: number | undefined;
  /** Bytes that were part of no frame. */
  skipped = 0;

  constructor(private readonly read: HeaderReader) {}

  /** Whole frames, views of `bytes` or of a copy: use them before the next push. */
  push(bytes: Buffer): Buffer[] {
    let data = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : bytes;
    const frames: Buffer[] = [];
    let at = 0;
    while (data.length - at >= Math.max(HEADER_BYTES, 10)) {
      const tag = id3Length(data, at);
      if (tag > 0) {
        if (data.length - at < tag) break;
        at += tag;
        continue;
      }
      const header = this.read(data, at);
      if (header && this.kind === header.kind) {
        if (data.length - at < header.length) break;
        frames.push(data.subarray(at, at + header.length));
        at += header.length;
        continue;
      }
      const proof = header ? this.proven(data, at) : 'no';
      if (proof === 'more') break;
      if (proof === 'yes') {
        this.kind = header!.kind;
        continue;
      }
      this.kind = undefined;
      at++;
      this.skipped++;
    }
    data = data.subarray(at);
    this.rest = Buffer.from(data);
    return frames;
  }

  /** Does a chain of frames start here? `more`: the bytes end before that can be said. */
  private proven(data: Buffer, start: number): 'yes' | 'no' | 'more' {
    const kind = this.read(data, start)!.kind;
    let at = start;
    for (let frame = 0; frame < PROOF; frame++) {
      if (data.length - at < HEADER_BYTES) return 'more';
      const header = this.read(data, at);
      if (header?.kind !== kind) return 'no';
      at += header.length;
    }
    return 'yes';
  }
}

/** Length of the ID3v2 tag that starts here, at most 256 KiB; 0 when none does. */
function id3Length(data: Buffer, at: number): number {
  if (data[at] !== 0x49 || data[at + 1] !== 0x44 || data[at + 2] !== 0x33) return 0;
  const size = [6, 7, 8, 9].reduce((sum, i) => (sum << 7) | (data[at + i]! & 0x7f), 0);
  return size < 1 << 18 ? size + 10 : 0;
}
