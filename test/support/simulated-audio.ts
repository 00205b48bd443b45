import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AVMEDIA_TYPE_AUDIO, Codec, CodecContext, FormatContext, Frame, Packet } from 'node-av';

/** Decodes a whole recording or a captured stream with the codec library; mono, at the stream's own rate. */
export function decodeWhole(bytes: Buffer, extension: string): { samples: Float32Array; rate: number } {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-decode-'));
  try {
    const path = join(folder, `stream.${extension}`);
    writeFileSync(path, bytes);
    const input = new FormatContext();
    if (input.openInputSync(path) < 0) throw new Error(`no codec recognises this ${extension}`);
    input.findStreamInfoSync(null);
    const index = input.findBestStream(AVMEDIA_TYPE_AUDIO);
    const stream = input.streams[index]!;
    const codec = Codec.findDecoder(stream.codecpar.codecId)!;
    const decoder = new CodecContext();
    decoder.allocContext3(codec);
    decoder.parametersToContext(stream.codecpar);
    if (decoder.open2Sync(codec, null) < 0) throw new Error(`the ${extension} decoder does not open`);
    const parts: Float32Array[] = [];
    const packet = new Packet();
    packet.alloc();
    const frame = new Frame();
    frame.alloc();
    const take = () => {
      while (decoder.receiveFrameSync(frame) >= 0) {
        const plane = frame.data![0]!;
        const float = plane.length >= frame.nbSamples * 4;
        parts.push(
          Float32Array.from({ length: frame.nbSamples }, (_, i) =>
            float ? plane.readFloatLE(i * 4) : plane.readInt16LE(i * 2) / 32_768,
          ),
        );
        frame.unref();
      }
    };
    while (input.readFrameSync(packet) >= 0) {
      // A stream joined in its middle may begin with frames that refer to missing ones.
      if (packet.streamIndex === index) decoder.sendPacketSync(packet);
      take();
      packet.unref();
    }
    decoder.sendPacketSync(null);
    take();
    const rate = decoder.sampleRate;
    decoder.freeContext();
    input.closeInputSync();
    const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      samples.set(part, at);
      at += part.length;
    }
    return { samples, rate };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Correlation of `part` with `whole` at an offset: 1 where they are the same up to volume, about 0 elsewhere. */
export function correlation(part: ArrayLike<number>, whole: ArrayLike<number>, offset: number): number {
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < part.length; i++) {
    const x = part[i]!;
    const y = whole[i + offset] ?? 0;
    xy += x * y;
    xx += x * x;
    yy += y * y;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** The offset in `[from, to)` at which `part` is most like `whole`. */
export function bestOffset(
  part: ArrayLike<number>,
  whole: ArrayLike<number>,
  from: number,
  to: number,
): { offset: number; correlation: number } {
  let best = { offset: from, correlation: -1 };
  for (let offset = from; offset < to; offset++) {
    const value = correlation(part, whole, offset);
    if (value > best.correlation) best = { offset, correlation: value };
  }
  return best;
}
