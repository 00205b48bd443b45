import { commentBody } from './comments';
import { AudioEncoder } from './encoder';
import { metadataBlock } from './ogg-codecs';

/** A FLAC file of 16-bit mono at AIR_RATE, with tags. */
export function flacFile(samples: Int16Array, tags: ReadonlyArray<readonly [string, string]>): Buffer {
  const encoder = new AudioEncoder('flac');
  try {
    const info = Buffer.from(encoder.headers);
    // Total samples: 36 bits, the lower 32 are enough for a day.
    info.writeUInt32BE(samples.length, 14);
    const packets: Buffer[] = [];
    for (let at = 0; at < samples.length; at += encoder.frameSize) {
      const frame = Float32Array.from(samples.subarray(at, at + encoder.frameSize), (x) => x / 32_767);
      for (const { data } of encoder.encode(frame)) packets.push(data);
    }
    for (const { data } of encoder.flush()) packets.push(data);
    return Buffer.concat([
      Buffer.from('fLaC', 'latin1'),
      metadataBlock(0, false, info),
      metadataBlock(4, true, commentBody(tags)),
      ...packets,
    ]);
  } finally {
    encoder.close();
  }
}
