import { open } from 'node:fs/promises';
import { SAMPLE_RATE } from '../audio';

/** What AudD recommends to send, seconds. */
export const CLIP_S = 12;

/**
 * A clip from a third into the play: past the talk over the intro, before the fade-out.
 * @param pcmFile raw mono 16-bit little-endian samples at SAMPLE_RATE
 * @throws the file system's error, or RangeError when the file is shorter than a clip
 */
export async function clipOf(pcmFile: string): Promise<Int16Array> {
  const file = await open(pcmFile, 'r');
  try {
    const samples = Math.floor((await file.stat()).size / 2);
    const length = CLIP_S * SAMPLE_RATE;
    if (samples < length) throw new RangeError(`${samples} samples are no clip of ${CLIP_S} s`);
    const from = Math.min(Math.floor(samples / 3), samples - length);
    const clip = new Int16Array(length);
    const bytes = Buffer.from(clip.buffer);
    for (let read = 0; read < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, from * 2 + read);
      if (bytesRead === 0) throw new RangeError('the file became shorter while it was read');
      read += bytesRead;
    }
    return clip;
  } finally {
    await file.close();
  }
}
