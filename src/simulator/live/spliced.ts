import { GRID_MS } from '../air';
import { AudioEncoder } from '../encode/encoder';
import type { Programme } from '../programme';
import type { RecordedAudio } from '../recorded-audio';
import type { Piece, Source } from './source';

/** Bytes of an MP3 frame at 64 kbit/s and 24 kHz: no padding, every frame the same. */
const FRAME_BYTES = 192;

/**
 * MP3 frames of everything that was encoded once, shared by all stations. Frames start late by the encoder's delay
 * (46 ms) and lose as much at the end.
 */
export class FrameStore {
  private readonly kept = new Map<string, Buffer>();
  private bytes = 0;

  constructor(
    private readonly audio: RecordedAudio,
    private readonly maxBytes = 150e6,
  ) {}

  get(key: string, lengthMs: number): Buffer {
    const name = `${key} ${lengthMs}`;
    let frames = this.kept.get(name);
    if (frames === undefined) {
      frames = encodeFrames(key === '' ? new Int16Array(24_000) : this.audio.get(key, lengthMs));
      this.bytes += frames.length;
    } else {
      this.kept.delete(name);
    }
    this.kept.set(name, frames);
    for (const [oldest, data] of this.kept) {
      if (this.bytes <= this.maxBytes || oldest === name) break;
      this.kept.delete(oldest);
      this.bytes -= data.length;
    }
    return frames;
  }

  silence(): Buffer {
    return this.get('', 0).subarray(20 * FRAME_BYTES, 21 * FRAME_BYTES);
  }
}

function encodeFrames(samples: Int16Array): Buffer {
  const encoder = new AudioEncoder('mp3');
  try {
    const packets: Buffer[] = [];
    for (let at = 0; at + encoder.frameSize <= samples.length; at += encoder.frameSize) {
      const frame = Float32Array.from(samples.subarray(at, at + encoder.frameSize), (x) => x / 32_768);
      for (const { data } of encoder.encode(frame)) packets.push(data);
    }
    for (const { data } of encoder.flush()) packets.push(data);
    if (packets.some(({ length }) => length !== FRAME_BYTES)) throw new Error('MP3 frames are not all alike');
    return Buffer.concat(packets);
  } finally {
    encoder.close();
  }
}

/** Sends a programme without overlaps as MP3 frames that were encoded before. */
export class SplicedSource implements Source {
  readonly head = Buffer.alloc(0);
  private frame: number;

  constructor(
    private readonly programme: Programme,
    private readonly store: FrameStore,
    private readonly muted: () => boolean,
    fromMs: number,
  ) {
    this.frame = Math.floor(fromMs / GRID_MS);
  }

  advance(toMs: number): Piece[] {
    const pieces: Piece[] = [];
    while ((this.frame + 1) * GRID_MS <= toMs) {
      const atMs = this.frame * GRID_MS;
      const element = this.muted() ? undefined : this.programme.elementsBetween(atMs, atMs + 1)[0];
      if (element === undefined) {
        this.frame++;
        pieces.push({ data: this.store.silence(), endMs: atMs + GRID_MS });
        continue;
      }
      const frames = this.store.get(element.key, element.audioMs);
      const first = (atMs - element.startMs + element.offsetMs) / GRID_MS;
      const count = Math.floor((Math.min(element.endMs, toMs) - atMs) / GRID_MS);
      this.frame += Math.max(1, count);
      pieces.push({
        data: frames.subarray(first * FRAME_BYTES, (first + Math.max(1, count)) * FRAME_BYTES),
        endMs: this.frame * GRID_MS,
      });
    }
    return pieces;
  }

  close(): void {}
}
