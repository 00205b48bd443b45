import { Demuxer } from 'node-av/api';
import { AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import type { Resampler } from '../native/resampler';
import type { Codec } from '../types';
import { CodecDecoder, codecOf } from './codec-decoder';

/** Which container a whole HLS segment is in; undefined for packed audio, which is a byte stream like any other. */
export function segmentFormat(data: Buffer): 'mpegts' | 'mov' | undefined {
  if (data[0] === 0x47 && (data.length <= 188 || data[188] === 0x47)) return 'mpegts';
  const box = data.toString('latin1', 4, 8);
  return ['ftyp', 'styp', 'moof', 'moov', 'sidx', 'emsg', 'prft'].includes(box) ? 'mov' : undefined;
}

/** Audio of whole MPEG-TS or fragmented MP4 segments. The decoder lives on from one to the next, so no edge is heard. */
export class SegmentDecoder {
  private decoder: CodecDecoder | undefined;
  private setup = '';
  private refusedBefore = 0;
  codec: Codec | undefined;

  constructor(private readonly resampler: Resampler) {}

  get refused(): number {
    return this.refusedBefore + (this.decoder?.refused ?? 0);
  }

  /** Throws when the segment is not in that format or holds no audio of ours. */
  push(data: Buffer, format: 'mpegts' | 'mov', into: Int16Array[]): void {
    const demuxer = Demuxer.openSync(data, {
      format,
      options: { protocol_whitelist: 'none' } as Record<string, string>,
    });
    try {
      const stream = demuxer.findBestStream(AVMEDIA_TYPE_AUDIO);
      const codec = stream && codecOf(stream.codecpar.codecId);
      if (!stream || !codec) throw new Error('a segment without audio');
      const setup = `${codec}/${stream.codecpar.extradata?.toString('hex') ?? ''}`;
      if (this.setup !== setup || !this.decoder) {
        this.finish(into);
        this.close();
        this.decoder = new CodecDecoder(codec, this.resampler, stream.codecpar);
        [this.setup, this.codec] = [setup, codec];
      }
      for (const packet of demuxer.packetsSync(stream.index)) {
        if (!packet) continue;
        this.decoder.decodePacket(packet, into);
        packet.free();
      }
    } finally {
      demuxer.closeSync();
    }
  }

  finish(into: Int16Array[]): void {
    this.decoder?.finish(into);
  }

  close(): void {
    this.refusedBefore = this.refused;
    this.decoder?.close();
    this.decoder = undefined;
  }
}
