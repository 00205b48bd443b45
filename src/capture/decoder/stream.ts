import type { Codec, StreamFault } from '../types';

/** What one open stream of the decoders tells. Nothing comes after a fault. */
export interface DecoderEvents {
  codec(codec: Codec): void;
  /** Mono, 16-bit, SAMPLE_RATE; the receiver's own. */
  samples(samples: Int16Array): void;
  title(title: string): void;
  fault(fault: StreamFault, detail: string): void;
}

/** Sends to the process that holds the stream. */
export interface DecoderLink {
  send(message: { t: 'bytes' | 'segment'; data: Uint8Array } | { t: 'end' | 'drop' }): void;
}

/** Above this the caller should wait for `drained()`: TCP then slows the station down. */
const HIGH_WATER = 256 * 1024;
/** Above this the stream is given up: its bytes are not being waited for. */
export const MOST_IN_FLIGHT = 8 * 1024 * 1024;

/** One station's way into a decoder process. Every byte is accounted for until the process says it has dealt with it. */
export class DecoderStream {
  private inFlight = 0;
  private decoded = 0;
  private closed = false;
  private waiting: (() => void)[] = [];
  private ended: (() => void) | undefined;

  constructor(
    private readonly link: DecoderLink,
    private readonly events: DecoderEvents,
    private readonly onClosed: () => void,
  ) {}

  /** Bytes that the process has not dealt with yet. */
  get pending(): number {
    return this.inFlight;
  }

  /** Bytes that have been decoded in all. */
  get done(): number {
    return this.decoded;
  }

  /** A piece of a stream, cut anywhere. False: wait for `drained()` before the next. */
  write(data: Uint8Array): boolean {
    return this.give('bytes', data);
  }

  /** One whole HLS segment. */
  writeSegment(data: Uint8Array): boolean {
    return this.give('segment', data);
  }

  /** Resolves when there is room again, or when the stream is over. */
  drained(): Promise<void> {
    if (this.closed || this.inFlight <= HIGH_WATER) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** No more bytes: resolves when the last samples have been given, or the stream is over for another reason. */
  end(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.link.send({ t: 'end' });
    return new Promise((resolve) => {
      this.ended = resolve;
    });
  }

  /** Forgets the stream at once; nothing more is told. */
  drop(): void {
    if (this.closed) return;
    this.link.send({ t: 'drop' });
    this.close();
  }

  /** For the pool: an answer of the process. */
  answered(answer: {
    bytes: number;
    samples?: Int16Array;
    codec?: Codec;
    title?: string;
    garbage?: string;
    ended?: true;
  }): void {
    if (this.closed) return;
    this.inFlight -= answer.bytes;
    this.decoded += answer.bytes;
    if (answer.codec) this.events.codec(answer.codec);
    if (answer.title) this.events.title(answer.title);
    // A copy: what came over the channel is a view of a much larger buffer that other streams' messages share.
    if (answer.samples) this.events.samples(new Int16Array(answer.samples));
    if (answer.garbage !== undefined) this.fail('garbage', answer.garbage);
    else if (answer.ended) this.close();
    else if (this.inFlight <= HIGH_WATER) this.release();
  }

  /** For the pool: the process is gone, or bytes came too fast. */
  fail(fault: StreamFault, detail: string): void {
    if (this.closed) return;
    this.close();
    this.events.fault(fault, detail);
  }

  private give(t: 'bytes' | 'segment', data: Uint8Array): boolean {
    if (this.closed) return true;
    this.inFlight += data.byteLength;
    if (this.inFlight > MOST_IN_FLIGHT) {
      this.link.send({ t: 'drop' });
      this.fail('overload', `${this.inFlight} bytes wait for the decoder`);
      return true;
    }
    this.link.send({ t, data });
    return this.inFlight <= HIGH_WATER;
  }

  private close(): void {
    this.closed = true;
    this.release();
    this.ended?.();
    this.onClosed();
  }

  private release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
