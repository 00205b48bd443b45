import { AIR_RATE } from '../air';
import type { Encoded } from './encoder';

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let r = n << 24;
  for (let i = 0; i < 8; i++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1;
  return r >>> 0;
});

function crc(page: Buffer): number {
  let sum = 0;
  for (const byte of page) sum = ((sum << 8) ^ CRC[((sum >>> 24) ^ byte) & 0xff]!) >>> 0;
  return sum;
}

/** Packs packets of one logical stream into Ogg pages (RFC 3533). */
export class OggMuxer {
  /** The pages that a listener needs before any other, whenever it comes. */
  readonly headerPages: Buffer;
  private sequence = 0;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private lastEnd = 0;
  private pageStart = 0;

  /**
   * @param serial number of the logical stream
   * @param headers codec header packets; the first is alone on its page
   * @param granule what a position in samples at AIR_RATE is called in this codec's mapping
   */
  constructor(
    private readonly serial: number,
    headers: readonly Buffer[],
    private readonly granule: (samples: number) => number,
  ) {
    const [first, ...others] = headers;
    if (first === undefined) throw new RangeError('an Ogg stream has at least one header packet');
    this.headerPages = Buffer.concat([
      this.page([first], 0, 2),
      ...others.map((packet) => this.page([packet], 0, 0)),
    ]);
  }

  /** Takes a packet; gives the page that it completed, about four per second. */
  push(packet: Encoded): { data: Buffer; end: number } | undefined {
    const segments = this.waiting.reduce((sum, waiting) => sum + Math.floor(waiting.length / 255) + 1, 0);
    let full: { data: Buffer; end: number } | undefined;
    // 255 lacing values fit on a page.
    if (segments + Math.floor(packet.data.length / 255) + 1 > 255) full = this.flush();
    this.waiting.push(packet.data);
    this.waitingBytes += packet.data.length;
    this.lastEnd = packet.end;
    if (this.waitingBytes < 4_000 && this.lastEnd - this.pageStart < AIR_RATE / 4) return full;
    const page = this.flush();
    if (full === undefined || page === undefined) return full ?? page;
    return { data: Buffer.concat([full.data, page.data]), end: page.end };
  }

  /** The last page, marked as such: nothing may be pushed after it. */
  finish(): Buffer {
    return this.flush(4)?.data ?? this.page([], this.granule(this.lastEnd), 4);
  }

  private flush(flags = 0): { data: Buffer; end: number } | undefined {
    if (this.waiting.length === 0) return undefined;
    const data = this.page(this.waiting, this.granule(this.lastEnd), flags);
    this.waiting = [];
    this.waitingBytes = 0;
    this.pageStart = this.lastEnd;
    return { data, end: this.lastEnd };
  }

  /** A page of whole packets. Packets of more than 65,024 bytes do not occur here. */
  private page(packets: readonly Buffer[], granule: number, flags: number): Buffer {
    const lacing: number[] = [];
    for (const { length } of packets) {
      for (let left = length; ; left -= 255) {
        lacing.push(Math.min(left, 255));
        if (left < 255) break;
      }
    }
    if (lacing.length > 255) throw new RangeError('an Ogg page holds at most 255 segments');
    const header = Buffer.alloc(27 + lacing.length);
    header.write('OggS', 0, 'latin1');
    header[5] = flags;
    header.writeBigInt64LE(BigInt(granule), 6);
    header.writeUInt32LE(this.serial >>> 0, 14);
    header.writeUInt32LE(this.sequence++, 18);
    header[26] = lacing.length;
    header.set(lacing, 27);
    const page = Buffer.concat([header, ...packets]);
    page.writeUInt32LE(crc(page), 22);
    return page;
  }
}
