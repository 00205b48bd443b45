import { type AirCodec, SAMPLES_PER_MS } from '../air';
import { AudioEncoder, type Encoded } from '../encode/encoder';
import type { OggMuxer } from '../encode/ogg';
import { oggFor } from '../encode/ogg-codecs';
import type { Mixer } from '../mixer';
import { RadioChain } from '../radio-chain';

/** Bytes that belong together, and until when they go. */
export interface Piece {
  readonly data: Buffer;
  /** Programme time of their end, ms from the origin. */
  readonly endMs: number;
  /** These are the new `head`: who comes later needs nothing from before. */
  readonly restarts?: boolean;
}

/** Gives a station's stream in order, as far as it is asked for. */
export interface Source {
  /** What every listener gets first. */
  readonly head: Buffer;
  /** Everything new up to a programme time; what encoders still hold comes with the next call. */
  advance(toMs: number): Piece[];
  close(): void;
}

export interface EncodedSourceOptions {
  readonly codec: AirCodec;
  readonly mixer: Mixer;
  /** Whether nothing must be heard now (a fault asked for). */
  readonly muted: () => boolean;
  /** Programme time of the first sample that a listener hears. */
  readonly fromMs: number;
  /** Comments of an Ogg stream at a programme time. */
  readonly tagsAt: (atMs: number) => ReadonlyArray<readonly [string, string]>;
  /** Begin a new logical Ogg stream whenever the comments change. */
  readonly chained?: boolean;
  readonly radioChain?: boolean;
}

/** Mixes and encodes as it goes. */
export class EncodedSource implements Source {
  head = Buffer.alloc(0);
  private readonly encoder: AudioEncoder;
  private readonly chain: RadioChain | undefined;
  private readonly frame: Float32Array;
  private readonly firstSample: number;
  private ogg: OggMuxer | undefined;
  private tags = '';
  private serial: number;
  private position: number;
  /** End of what the encoder has given, samples. */
  private out = 0;

  constructor(private readonly options: EncodedSourceOptions) {
    const { codec, fromMs } = options;
    this.encoder = new AudioEncoder(codec);
    this.chain = options.radioChain ? new RadioChain() : undefined;
    this.frame = new Float32Array(this.encoder.frameSize);
    this.firstSample = Math.round(fromMs * SAMPLES_PER_MS);
    // So much earlier, so that the decoder's output is on time in spite of the encoder's delay.
    this.position = this.firstSample + this.encoder.delay;
    this.serial = this.firstSample;
    if (codec === 'vorbis' || codec === 'opus' || codec === 'flac') this.beginOgg(fromMs);
  }

  advance(toMs: number): Piece[] {
    const { mixer, muted, chained } = this.options;
    const pieces: Piece[] = [];
    const to = toMs * SAMPLES_PER_MS;
    while (this.position < to) {
      if (chained && this.ogg !== undefined) this.restartOgg(pieces);
      if (muted()) this.frame.fill(0);
      else mixer.render(this.position, this.frame);
      this.chain?.process(this.frame);
      this.position += this.frame.length;
      for (const packet of this.encoder.encode(this.frame)) this.take(packet, pieces);
    }
    return pieces;
  }

  close(): void {
    this.encoder.close();
  }

  private beginOgg(atMs: number): void {
    const tags = this.options.tagsAt(atMs);
    this.tags = JSON.stringify(tags);
    this.ogg = oggFor(this.encoder, this.serial++, tags, this.out);
    this.head = Buffer.from(this.ogg.headerPages);
  }

  private restartOgg(pieces: Piece[]): void {
    const atMs = this.position / SAMPLES_PER_MS;
    if (JSON.stringify(this.options.tagsAt(atMs)) === this.tags) return;
    const endMs = (this.firstSample + this.out) / SAMPLES_PER_MS;
    pieces.push({ data: this.ogg!.finish(), endMs });
    this.beginOgg(atMs);
    pieces.push({ data: this.head, endMs, restarts: true });
  }

  private take(packet: Encoded, pieces: Piece[]): void {
    this.out = packet.end;
    const piece = this.ogg === undefined ? packet : this.ogg.push(packet);
    if (piece === undefined) return;
    pieces.push({ data: piece.data, endMs: (this.firstSample + piece.end) / SAMPLES_PER_MS });
  }
}
