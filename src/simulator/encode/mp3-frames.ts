import { GRID_MS } from '../air';
import { AudioEncoder, type Quality } from './encoder';

/** Bytes of an MP3 frame, which lasts GRID_MS in either quality: no padding, every frame the same. */
export const MP3_FRAME_BYTES: Readonly<Record<Quality, number>> = { voice: 192, studio: 384 };

/**
 * Encodes a recording as MP3 frames that can be spliced between others: as many as it is long, late by the encoder's
 * delay (46 ms at most), the end cut off by as much.
 */
export function mp3Frames(samples: Int16Array, quality: Quality): Buffer {
  const encoder = new AudioEncoder('mp3', quality);
  try {
    const packets: Buffer[] = [];
    for (let at = 0; at + encoder.frameSize <= samples.length; at += encoder.frameSize) {
      const frame = Float32Array.from(samples.subarray(at, at + encoder.frameSize), (x) => x / 32_768);
      for (const { data } of encoder.encode(frame)) packets.push(data);
    }
    for (const { data } of encoder.flush()) packets.push(data);
    if (packets.some(({ length }) => length !== MP3_FRAME_BYTES[quality])) {
      throw new Error('MP3 frames are not all alike: they could not be spliced');
    }
    return Buffer.concat(packets.slice(0, samples.length / (24 * GRID_MS)));
  } finally {
    encoder.close();
  }
}
