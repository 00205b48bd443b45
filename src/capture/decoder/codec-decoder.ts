import {
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_FLAC,
  AV_CODEC_ID_MP2,
  AV_CODEC_ID_MP3,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_VORBIS,
  type AVCodecID,
} from 'node-av/constants';
import { CodecContext, type CodecParameters, Frame, Codec as NativeCodec, Packet } from 'node-av/lib';
import '../native/quiet';
import type { Resampler } from '../native/resampler';
import type { Codec } from '../types';

const IDS: Record<Codec, AVCodecID> = {
  mp3: AV_CODEC_ID_MP3,
  aac: AV_CODEC_ID_AAC,
  vorbis: AV_CODEC_ID_VORBIS,
  opus: AV_CODEC_ID_OPUS,
  flac: AV_CODEC_ID_FLAC,
};

/** Our name of a native codec; undefined for what we do not hear. Layer II counts as mp3: one decoder family. */
export function codecOf(id: AVCodecID): Codec | undefined {
  if (id === AV_CODEC_ID_MP2) return 'mp3';
  return (Object.keys(IDS) as Codec[]).find((name) => IDS[name] === id);
}

/**
 * One codec's packets → PCM. A packet that does not decode is dropped and counted; whoever feeds it decides how many
 * are too many. Throws only when the decoder cannot be opened.
 */
export class CodecDecoder {
  private readonly context = new CodecContext();
  private readonly packet = new Packet();
  private readonly frame = new Frame();
  /** Packets that decoded to nothing because they were damaged. */
  refused = 0;

  /** `setup`: the codec's headers (Ogg), or the parameters that a demuxer found. */
  constructor(
    readonly codec: Codec,
    private readonly resampler: Resampler,
    setup?: Buffer | CodecParameters,
  ) {
    const native = NativeCodec.findDecoder(IDS[codec]);
    if (!native) throw new Error(`no decoder for ${codec}`);
    this.packet.alloc();
    this.frame.alloc();
    this.context.allocContext3(native);
    if (Buffer.isBuffer(setup)) this.context.extraData = setup;
    else if (setup) this.context.parametersToContext(setup);
    this.context.threadCount = 1;
    const opened = this.context.open2Sync(native);
    if (opened < 0) {
      this.close();
      throw new Error(`the ${codec} decoder does not open (${opened})`);
    }
  }

  /** Decodes one packet. `into` gets the samples. */
  decode(data: Buffer, into: Int16Array[]): void {
    this.packet.unref();
    this.packet.data = data;
    this.send(this.packet, into);
    this.packet.unref();
  }

  /** The same for a packet of a demuxer, which stays the caller's. */
  decodePacket(packet: Packet, into: Int16Array[]): void {
    this.send(packet, into);
  }

  /** What the decoder still holds; it takes no more packets after this. */
  finish(into: Int16Array[]): void {
    this.send(null, into);
  }

  close(): void {
    this.packet.free();
    this.frame.free();
    this.context.freeContext();
  }

  private send(packet: Packet | null, into: Int16Array[]): void {
    if (this.context.sendPacketSync(packet) < 0) this.refused++;
    while (this.context.receiveFrameSync(this.frame) >= 0) {
      const samples = this.resampler.push(this.frame);
      if (samples.length > 0) into.push(samples);
      this.frame.unref();
    }
  }
}
