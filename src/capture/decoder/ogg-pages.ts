/** What one page of an Ogg stream says. */
export interface OggPage {
  readonly serial: number;
  readonly begins: boolean;
  readonly ends: boolean;
  /** The first piece goes on with the last packet of the page before. */
  readonly continued: boolean;
  /** Packets, and pieces of packets. */
  readonly pieces: readonly Buffer[];
  /** The last piece goes on in the next page. */
  readonly unfinished: boolean;
}

const CRC = Array.from({ length: 256 }, (_, i) => {
  let r = i << 24;
  for (let bit = 0; bit < 8; bit++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1;
  return r >>> 0;
});

/** Cuts bytes into Ogg pages whose checksum is right; steps over everything else. */
export class OggPages {
  private rest: Buffer = Buffer.alloc(0);
  /** Bytes that were part of no page. */
  skipped = 0;

  /** Whole pages; their pieces are views, to be used before the next push. */
  push(bytes: Buffer): OggPage[] {
    const data = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : bytes;
    const pages: OggPage[] = [];
    let at = 0;
    while (data.length - at >= 27) {
      if (data.readUInt32BE(at) !== 0x4f676753) {
        const next = data.indexOf('OggS', at + 1);
        const stop = next === -1 ? data.length - 3 : next;
        this.skipped += stop - at;
        at = stop;
        continue;
      }
      const lacing = data.subarray(at + 27, at + 27 + data[at + 26]!);
      if (data.length - at < 27 + data[at + 26]!) break;
      const length = 27 + lacing.length + lacing.reduce((sum, n) => sum + n, 0);
      if (data.length - at < length) break;
      const page = data.subarray(at, at + length);
      if (checksum(page) === page.readUInt32LE(22)) {
        pages.push(parsed(page, lacing));
        at += length;
      } else {
        at += 4;
        this.skipped += 4;
      }
    }
    this.rest = Buffer.from(data.subarray(at));
    return pages;
  }
}

function checksum(page: Buffer): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : page[i]!;
    crc = ((crc << 8) ^ CRC[((crc >>> 24) ^ byte) & 255]!) >>> 0;
  }
  return crc;
}

function parsed(page: Buffer, lacing: Buffer): OggPage {
  const flags = page[5]!;
  const pieces: Buffer[] = [];
  let start = 27 + lacing.length;
  let end = start;
  for (const n of lacing) {
    end += n;
    if (n === 255) continue;
    pieces.push(page.subarray(start, end));
    start = end;
  }
  const unfinished = lacing.length > 0 && lacing[lacing.length - 1] === 255;
  if (unfinished) pieces.push(page.subarray(start, end));
  return {
    serial: page.readUInt32LE(14),
    continued: (flags & 1) !== 0,
    begins: (flags & 2) !== 0,
    ends: (flags & 4) !== 0,
    pieces,
    unfinished,
  };
}
