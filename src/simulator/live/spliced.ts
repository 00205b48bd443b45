import { GRID_MS } from '../air';
import { ByteCache } from '../byte-cache';
import type { Quality } from '../encode/encoder';
import { MP3_FRAME_BYTES, mp3Frames } from '../encode/mp3-frames';
import type { Programme } from '../programme';
import type { AudioProvider } from '../recorded-audio';
import type { Piece, Source } from './source';

/** MP3 frames of everything that was encoded once, shared by all stations. */
export class FrameStore {
  readonly frameBytes: number;
  readonly silence: Buffer;
  private readonly cache = new ByteCache<Buffer>(200e6);

  constructor(
    private readonly audio: AudioProvider,
    readonly quality: Quality,
  ) {
    this.frameBytes = MP3_FRAME_BYTES[quality];
    this.silence = mp3Frames(new Int16Array(24_000), quality).subarray(
      20 * this.frameBytes,
      21 * this.frameBytes,
    );
  }

  has(key: string, lengthMs: number): boolean {
    return this.cache.has(`${key} ${lengthMs}`);
  }

  put(key: string, lengthMs: number, frames: Buffer): void {
    this.cache.put(`${key} ${lengthMs}`, frames);
  }

  get(key: string, lengthMs: number): Buffer {
    const kept = this.cache.get(`${key} ${lengthMs}`);
    if (kept !== undefined) return kept;
    const frames = mp3Frames(this.audio.get(key, lengthMs), this.quality);
    this.put(key, lengthMs, frames);
    return frames;
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
    const { frameBytes } = this.store;
    const pieces: Piece[] = [];
    while ((this.frame + 1) * GRID_MS <= toMs) {
      const atMs = this.frame * GRID_MS;
      const element = this.muted() ? undefined : this.programme.elementsBetween(atMs, atMs + 1)[0];
      if (element === undefined) {
        this.frame++;
        pieces.push({ data: this.store.silence, endMs: atMs + GRID_MS });
        continue;
      }
      const frames = this.store.get(element.key, element.audioMs);
      const first = (atMs - element.startMs + element.offsetMs) / GRID_MS;
      const count = Math.max(1, Math.floor((Math.min(element.endMs, toMs) - atMs) / GRID_MS));
      this.frame += count;
      const data = frames.subarray(first * frameBytes, (first + count) * frameBytes);
      pieces.push({ data, endMs: this.frame * GRID_MS });
    }
    return pieces;
  }

  close(): void {}
}
