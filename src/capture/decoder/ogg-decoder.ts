import type { Resampler } from '../native/resampler';
import type { Codec } from '../types';
import { CodecDecoder } from './codec-decoder';
import { OGG_HEADERS, oggCodec, oggSetup, oggTitle } from './ogg-headers';
import { type OggPage, OggPages } from './ogg-pages';

/** A packet longer than this is no audio. */
const LONGEST_PACKET = 1 << 20;

/**
 * Ogg with Vorbis, Opus or FLAC. Icecast sources start a new logical stream at every song (chaining): the new headers
 * open a new decoder and the audio goes on.
 */
export class OggDecoder {
  private readonly pages = new OggPages();
  private serial: number | undefined;
  private headers: Buffer[] = [];
  private partial: Buffer[] = [];
  private decoder: CodecDecoder | undefined;
  codec: Codec | undefined;
  title: string | undefined;
  private refusedBefore = 0;

  constructor(private readonly resampler: Resampler) {}

  get skipped(): number {
    return this.pages.skipped;
  }

  get refused(): number {
    return this.refusedBefore + (this.decoder?.refused ?? 0);
  }

  push(bytes: Buffer, into: Int16Array[]): void {
    for (const page of this.pages.push(bytes)) this.page(page, into);
  }

  finish(into: Int16Array[]): void {
    this.decoder?.finish(into);
  }

  close(): void {
    this.refusedBefore = this.refused;
    this.decoder?.close();
    this.decoder = undefined;
  }

  private page(page: OggPage, into: Int16Array[]): void {
    if (page.begins) {
      const codec = page.pieces[0] && oggCodec(page.pieces[0]);
      if (!codec || (this.serial !== undefined && this.decoder === undefined)) return;
      this.finish(into);
      this.close();
      [this.serial, this.codec, this.headers, this.partial] = [page.serial, codec, [], []];
    }
    if (page.serial !== this.serial) return;
    if (!page.continued) this.partial = [];
    page.pieces.forEach((piece, i) => {
      const last = i === page.pieces.length - 1;
      if (i === 0 && page.continued && this.partial.length === 0) return;
      if (last && page.unfinished) {
        this.partial.push(Buffer.from(piece));
        if (this.partial.reduce((sum, { length }) => sum + length, 0) > LONGEST_PACKET) this.partial = [];
        return;
      }
      const packet = this.partial.length > 0 ? Buffer.concat([...this.partial, piece]) : piece;
      this.partial = [];
      this.take(packet, into);
    });
    if (page.ends) {
      this.finish(into);
      this.close();
      this.serial = undefined;
    }
  }

  private take(packet: Buffer, into: Int16Array[]): void {
    const codec = this.codec!;
    if (this.decoder) {
      // FLAC may have any number of header blocks; its audio frames begin with a sync code.
      if (packet.length === 0 || (codec === 'flac' && packet[0] !== 0xff)) return;
      this.decoder.decode(packet, into);
      return;
    }
    this.headers.push(Buffer.from(packet));
    if (this.headers.length < OGG_HEADERS[codec]!) return;
    this.title = oggTitle(codec, this.headers[1]!) ?? this.title;
    this.decoder = new CodecDecoder(codec, this.resampler, oggSetup(codec, this.headers));
    this.headers = [];
  }
}
