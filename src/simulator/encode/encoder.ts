import {
  AV_LOG_ERROR,
  AV_SAMPLE_FMT_FLTP,
  AV_SAMPLE_FMT_S16,
  Codec,
  CodecContext,
  Frame,
  Log,
  Packet,
  Rational,
} from 'node-av';
import { AIR_RATE, type AirCodec } from '../air';

/** Samples per encoded frame: fixed where the codec fixes it, chosen by us elsewhere. */
const SETTINGS: Record<AirCodec, { name: string; frame: number; bitRate: number; float: boolean }> = {
  mp3: { name: 'libmp3lame', frame: 576, bitRate: 64_000, float: true },
  aac: { name: 'aac', frame: 1_024, bitRate: 64_000, float: true },
  vorbis: { name: 'libvorbis', frame: 64, bitRate: 64_000, float: true },
  opus: { name: 'libopus', frame: 480, bitRate: 48_000, float: false },
  flac: { name: 'flac', frame: 2_304, bitRate: 0, float: false },
};

Log.setLevel(AV_LOG_ERROR);

/** `voice`: 24 kHz mono, 64 kbit/s. `studio`: what most stations send, 48 kHz stereo, 128 kbit/s; MP3 only. */
export type Quality = 'voice' | 'studio';

const STEREO = { nbChannels: 2, order: 1, mask: 3n } as const;
const MONO = { nbChannels: 1, order: 1, mask: 4n } as const;

/** One encoded packet. `end` is the stream's length up to its end in samples, encoder delay included. */
export interface Encoded {
  readonly data: Buffer;
  readonly end: number;
}

/** An encoder of mono sound at AIR_RATE. Give it frames of `frameSize` samples; close it when done. */
export class AudioEncoder {
  readonly frameSize: number;
  /** Samples that come out before the first that went in, where decoders do not take them away themselves. */
  readonly delay: number;
  /** Codec headers, in the encoder's own form; empty where there are none. */
  readonly headers: Buffer;
  private readonly context = new CodecContext();
  private readonly packet = new Packet();
  private readonly float: boolean;
  private position = 0;
  private out = 0;
  private lastSample = 0;

  /** @throws Error when this build of the codec library has no such encoder */
  constructor(
    readonly codec: AirCodec,
    private readonly quality: Quality = 'voice',
  ) {
    const { name, frame, bitRate, float } = SETTINGS[codec];
    const found = Codec.findEncoderByName(name as Parameters<typeof Codec.findEncoderByName>[0]);
    if (found === null) throw new Error(`no encoder ${name} in this build`);
    if (quality === 'studio' && codec !== 'mp3') throw new RangeError('only MP3 is made in studio quality');
    this.float = float;
    const { context } = this;
    context.allocContext3(found);
    const studio = quality === 'studio';
    const rate = studio ? 2 * AIR_RATE : AIR_RATE;
    context.sampleRate = rate;
    context.sampleFormat = float ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_S16;
    context.channelLayout = { ...(studio ? STEREO : MONO) } as never;
    context.timeBase = new Rational(1, rate);
    context.threadCount = 1;
    if (bitRate > 0) context.bitRate = BigInt(studio ? 2 * bitRate : bitRate);
    // The quickest search that LAME has where a hundred stations are made: the ear is not what this is for.
    if (studio) context.setOption('compression_level', '9');
    const opened = context.open2Sync(found, null);
    if (opened < 0) throw new Error(`encoder ${name} refused its settings (${opened})`);
    this.packet.alloc();
    this.frameSize = frame;
    this.headers = context.extraData ?? Buffer.alloc(0);
    // MP3 and AAC without a container: the decoder cannot know how much of the beginning is not sound.
    this.delay = codec === 'mp3' ? (studio ? 553 : 1_105) : codec === 'aac' ? 1_024 : 0;
  }

  /** Encodes `frameSize` samples within ±1. What comes out may lag behind. */
  encode(samples: Float32Array): Encoded[] {
    const studio = this.quality === 'studio';
    const length = studio ? 2 * samples.length : samples.length;
    const bytes = studio ? this.widen(samples) : this.float ? floatBytes(samples) : shortBytes(samples);
    using frame = Frame.fromAudioBuffer(bytes, {
      nbSamples: length,
      format: this.float ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_S16,
      sampleRate: this.context.sampleRate,
      channelLayout: { ...(studio ? STEREO : MONO) } as never,
      timeBase: { num: 1, den: this.context.sampleRate },
    });
    frame.pts = BigInt(this.position);
    this.position += length;
    const sent = this.context.sendFrameSync(frame);
    if (sent < 0) throw new Error(`the ${this.codec} encoder failed (${sent})`);
    return this.receive();
  }

  /** What the encoder still holds. Nothing can be encoded after it. */
  flush(): Encoded[] {
    this.context.sendFrameSync(null);
    return this.receive();
  }

  close(): void {
    this.packet.free();
    this.context.freeContext();
  }

  /** To 48 kHz by straight lines, the right channel a trifle behind: a frame costs its decoder what stereo costs. */
  private widen(samples: Float32Array): Buffer {
    const n = 2 * samples.length;
    const planes = new Float32Array(2 * n);
    let before = this.lastSample;
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i]!;
      planes[2 * i] = (before + x) / 2;
      planes[2 * i + 1] = x;
      planes[n + 2 * i] = before;
      planes[n + 2 * i + 1] = (before + x) / 2;
      before = x;
    }
    this.lastSample = before;
    return floatBytes(planes);
  }

  private receive(): Encoded[] {
    const packets: Encoded[] = [];
    while (this.context.receivePacketSync(this.packet) >= 0) {
      const { data } = this.packet;
      this.out += Number(this.packet.duration) / (this.quality === 'studio' ? 2 : 1);
      if (data !== null && data.length > 0) {
        packets.push({ data: this.codec === 'aac' ? adts(data) : Buffer.from(data), end: this.out });
      }
      this.packet.unref();
    }
    return packets;
  }
}

function floatBytes(samples: Float32Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

function shortBytes(samples: Float32Array): Buffer {
  return Buffer.from(Int16Array.from(samples, (x) => Math.round(x * 32_767)).buffer);
}

/** Puts the header before an AAC-LC frame that makes a stream of frames readable without a container. */
function adts(frame: Buffer): Buffer {
  const length = frame.length + 7;
  const frequencyIndex = 6; // 24 kHz
  const header = Buffer.from([
    0xff,
    0xf1,
    (1 << 6) | (frequencyIndex << 2),
    (1 << 6) | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f,
    0xfc,
  ]);
  return Buffer.concat([header, frame]);
}
