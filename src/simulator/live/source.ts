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
}

/** Gives a station's stream in order, as far as it is asked for. */
export interface Source {
  /** What every listener gets first. */
  readonly head: Buffer;
  /** Everything new up to a programme time; what encoders still hold comes with the next call. */
  advance(toMs: number): Piece[];
  close(): void;
}

/** Mixes and encodes as it goes. */
export class EncodedSource implements Source {
  readonly head: Buffer;
  private readonly encoder: AudioEncoder;
  private readonly ogg: OggMuxer | undefined;
  private readonly chain: RadioChain | undefined;
  private readonly frame: Float32Array;
  private readonly firstSample: number;
  private position: number;

  /** @param fromMs programme time of the first sample that a listener hears */
  constructor(
    codec: AirCodec,
    name: string,
    private readonly mixer: Mixer,
    /** Whether nothing must be heard now (a fault asked for). */
    private readonly muted: () => boolean,
    fromMs: number,
    radioChain = false,
  ) {
    this.encoder = new AudioEncoder(codec);
    this.chain = radioChain ? new RadioChain() : undefined;
    this.frame = new Float32Array(this.encoder.frameSize);
    this.firstSample = Math.round(fromMs * SAMPLES_PER_MS);
    // So much earlier, so that the decoder's output is on time in spite of the encoder's delay.
    this.position = this.firstSample + this.encoder.delay;
    const inOgg = codec === 'vorbis' || codec === 'opus' || codec === 'flac';
    this.ogg = inOgg ? oggFor(this.encoder, this.firstSample, name) : undefined;
    this.head = this.ogg?.headerPages ?? Buffer.alloc(0);
  }

  advance(toMs: number): Piece[] {
    const pieces: Piece[] = [];
    const to = toMs * SAMPLES_PER_MS;
    while (this.position < to) {
      if (this.muted()) this.frame.fill(0);
      else this.mixer.render(this.position, this.frame);
      this.chain?.process(this.frame);
      this.position += this.frame.length;
      for (const packet of this.encoder.encode(this.frame)) this.take(packet, pieces);
    }
    return pieces;
  }

  close(): void {
    this.encoder.close();
  }

  private take(packet: Encoded, pieces: Piece[]): void {
    const piece = this.ogg === undefined ? packet : this.ogg.push(packet);
    if (piece === undefined) return;
    pieces.push({ data: piece.data, endMs: (this.firstSample + piece.end) / SAMPLES_PER_MS });
  }
}
