import { joined, Resampler } from '../native/resampler';
import type { Codec } from '../types';
import { CodecDecoder } from './codec-decoder';
import { adtsHeader, mpegHeader } from './frame-header';
import { Framer } from './framer';
import { OggDecoder } from './ogg-decoder';
import { SegmentDecoder, segmentFormat } from './segment-decoder';

/** Bytes after which something must have been heard: 8 s of a 128 kbit/s stream. */
const PATIENCE = 128 * 1024;
/** Silence of the decoder is judged over so many bytes. */
const WINDOW = 96 * 1024;

/** This is no audio, or no longer. */
export class GarbageError extends Error {}

interface Framed {
  readonly codec: Codec;
  readonly framer: Framer;
  decoder?: CodecDecoder;
}

/**
 * One station's bytes → PCM. What the bytes are is seen in the bytes: servers name AAC `audio/mpeg` and everything else
 * `application/octet-stream`. Throws GarbageError when too much of them makes no audio.
 */
export class StreamDecoder {
  private readonly resampler = new Resampler();
  private framed: Framed | undefined;
  private candidates: Framed[] = [
    { codec: 'mp3', framer: new Framer(mpegHeader) },
    { codec: 'aac', framer: new Framer(adtsHeader) },
  ];
  private ogg: OggDecoder | undefined;
  private segments: SegmentDecoder | undefined;
  private started = false;
  private silentBytes = 0;
  private heard = false;
  private window = { bytes: 0, badBefore: 0 };

  get codec(): Codec | undefined {
    return this.framed?.codec ?? this.ogg?.codec ?? this.segments?.codec;
  }

  get title(): string | undefined {
    return this.ogg?.title;
  }

  /** A piece of a stream, cut anywhere. */
  push(data: Buffer): Int16Array {
    return this.judged(data.length, (into) => {
      if (!this.started && data.length > 0) {
        // Sources that join a running Ogg stream get its headers first, so that the magic is at the very start.
        this.ogg = data[0] === 0x4f ? new OggDecoder(this.resampler) : undefined;
        this.started = true;
      }
      if (this.ogg) this.ogg.push(data, into);
      else this.pushFramed(data, into);
    });
  }

  /** One whole HLS segment, with its initialisation in front where it has one. */
  pushSegment(data: Buffer): Int16Array {
    return this.judged(data.length, (into) => {
      const format = segmentFormat(data);
      if (!format) {
        this.pushFramed(data, into);
        return;
      }
      this.segments ??= new SegmentDecoder(this.resampler);
      try {
        this.segments.push(data, format, into);
      } catch (error) {
        throw new GarbageError(error instanceof Error ? error.message : String(error));
      }
    });
  }

  /** Everything that is still held back. */
  finish(): Int16Array {
    const into: Int16Array[] = [];
    this.framed?.decoder?.finish(into);
    this.ogg?.finish(into);
    this.segments?.finish(into);
    into.push(this.resampler.flush());
    return joined(into);
  }

  close(): void {
    this.framed?.decoder?.close();
    this.ogg?.close();
    this.segments?.close();
    this.resampler.close();
  }

  private pushFramed(data: Buffer, into: Int16Array[]): void {
    if (this.framed) {
      this.decodeFrames(this.framed, this.framed.framer.push(data), into);
      return;
    }
    for (const candidate of this.candidates) {
      const frames = candidate.framer.push(data);
      if (frames.length === 0) continue;
      this.framed = candidate;
      this.candidates = [];
      this.decodeFrames(candidate, frames, into);
      return;
    }
  }

  private decodeFrames(framed: Framed, frames: readonly Buffer[], into: Int16Array[]): void {
    framed.decoder ??= new CodecDecoder(framed.codec, this.resampler);
    for (const frame of frames) framed.decoder.decode(frame, into);
  }

  /** Runs a step and weighs what came of it. */
  private judged(bytes: number, step: (into: Int16Array[]) => void): Int16Array {
    const into: Int16Array[] = [];
    step(into);
    const samples = joined(into);
    this.heard ||= samples.length > 0;
    this.silentBytes = samples.length > 0 ? 0 : this.silentBytes + bytes;
    if (this.silentBytes > PATIENCE) {
      throw new GarbageError(`${this.silentBytes} bytes without ${this.heard ? 'more ' : ''}audio`);
    }
    this.weigh(bytes);
    return samples;
  }

  /** More than half of a window in no frame: a page or noise with sync words in it, not a damaged stream. */
  private weigh(bytes: number): void {
    const bad = (this.framed?.framer.skipped ?? 0) + (this.ogg?.skipped ?? 0);
    this.window.bytes += bytes;
    if (this.window.bytes < WINDOW) return;
    const share = (bad - this.window.badBefore) / this.window.bytes;
    this.window = { bytes: 0, badBefore: bad };
    if (share > 0.5) throw new GarbageError(`${Math.round(share * 100)} % of the bytes are in no frame`);
  }
}
