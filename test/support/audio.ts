import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AV_CHANNEL_ORDER_NATIVE,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_SAMPLE_FMT_S16,
  type AVSampleFormat,
  type FFEncoderCodec,
} from 'node-av/constants';
import {
  avGetBytesPerSample,
  avSampleFmtIsPlanar,
  Codec,
  CodecContext,
  Dictionary,
  FFmpegError,
  FormatContext,
  Frame,
  Packet,
  Rational,
  SoftwareResampleContext,
} from 'node-av/lib';
import '../../src/capture/native/quiet';

/** Formats that tests and stations are made of: encoder, container, and the rate that the encoder takes. */
const FORMATS = {
  mp3: { encoder: 'libmp3lame', container: 'mp3', rate: 44_100, channels: 2 },
  aac: { encoder: 'aac', container: 'adts', rate: 44_100, channels: 2 },
  vorbis: { encoder: 'libvorbis', container: 'ogg', rate: 44_100, channels: 2 },
  opus: { encoder: 'libopus', container: 'ogg', rate: 48_000, channels: 2 },
  'ogg-flac': { encoder: 'flac', container: 'ogg', rate: 44_100, channels: 2 },
  flac: { encoder: 'flac', container: 'flac', rate: 44_100, channels: 1 },
  wav: { encoder: 'pcm_s16le', container: 'wav', rate: 22_050, channels: 1 },
  fmp4: { encoder: 'aac', container: 'mp4', rate: 44_100, channels: 2 },
  m4a: { encoder: 'aac', container: 'mp4', rate: 44_100, channels: 2 },
  mpegts: { encoder: 'aac', container: 'mpegts', rate: 44_100, channels: 2 },
} as const;
export type AudioFormat = keyof typeof FORMATS;

/**
 * A scale that tells where in it one is: second `n` sounds at 300 + 100·(n mod 20) Hz. Mono, at `rate`.
 * `from` is the second to begin at.
 */
export function scale(durationS: number, rate: number, from = 0): Int16Array {
  const out = new Int16Array(Math.round(durationS * rate));
  for (let i = 0; i < out.length; i++) {
    const t = from + i / rate;
    out[i] = 12_000 * Math.sin(2 * Math.PI * scaleHz(t) * t);
  }
  return out;
}

/** The frequency of the scale at second `t`. */
export function scaleHz(t: number): number {
  return 300 + 100 * (Math.floor(t) % 20);
}

/** The strongest of the scale's frequencies in a stretch of samples, by Goertzel. */
export function heardHz(samples: Int16Array, rate: number): number {
  let best = { hz: 0, power: 0 };
  for (let hz = 300; hz <= 2200; hz += 100) {
    const w = 2 * Math.cos((2 * Math.PI * hz) / rate);
    let [a, b] = [0, 0];
    for (const sample of samples) [a, b] = [sample + w * a - b, a];
    const power = a * a + b * b - w * a * b;
    if (power > best.power) best = { hz, power };
  }
  return best.hz;
}

/** Really encodes mono 16-bit samples (default: `seconds` of the scale) in a real container, both channels alike. */
export function encodeAudio(
  format: AudioFormat,
  options: {
    seconds?: number;
    from?: number;
    samples?: Int16Array;
    bitrate?: number;
    tags?: Record<string, string>;
  } = {},
): Buffer {
  const { encoder, container, rate, channels } = FORMATS[format];
  const mono = options.samples ?? scale(options.seconds ?? 3, rate, options.from);
  const folder = mkdtempSync(join(tmpdir(), 'encode-'));
  const path = join(folder, 'out');
  const codec = Codec.findEncoderByName(encoder as FFEncoderCodec);
  if (!codec) throw new Error(`no encoder ${encoder}`);
  const context = new CodecContext();
  const output = new FormatContext();
  const packet = new Packet();
  packet.alloc();
  try {
    check(output.allocOutputContext2(null, container, path));
    context.allocContext3(codec);
    const layout = { nbChannels: channels, order: AV_CHANNEL_ORDER_NATIVE, mask: channels === 1 ? 4n : 3n };
    const sampleFormat = codec.sampleFormats?.[0] ?? AV_SAMPLE_FMT_S16;
    context.sampleRate = rate;
    context.sampleFormat = sampleFormat;
    context.channelLayout = layout;
    context.timeBase = new Rational(1, rate);
    context.threadCount = 1;
    context.bitRate = BigInt(options.bitrate ?? 128_000);
    if (container !== 'adts' && container !== 'mpegts') context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    check(context.open2Sync(codec));
    const stream = output.newStream(codec);
    check(stream.codecpar.fromContext(context));
    stream.timeBase = new Rational(1, rate);
    if (options.tags) output.metadata = Dictionary.fromObject(options.tags);
    output.openOutputSync();
    const fragments = { movflags: 'empty_moov+default_base_moof', frag_duration: '4000000' };
    const muxing = format === 'fmp4' ? fragments : format === 'm4a' ? { movflags: 'faststart' } : undefined;
    check(output.writeHeaderSync(muxing ? Dictionary.fromObject(muxing) : null));
    const drain = () => {
      while (context.receivePacketSync(packet) >= 0) {
        packet.streamIndex = stream.index;
        packet.rescaleTs({ num: 1, den: rate }, stream.timeBase);
        check(output.interleavedWriteFrameSync(packet));
      }
    };
    const step = context.frameSize || 1024;
    const convert = converter(sampleFormat, rate, layout);
    for (let at = 0; at < mono.length; at += step) {
      const part = mono.slice(at, at + step);
      const frame = Frame.fromAudioBuffer(convert(part), {
        nbSamples: part.length,
        format: sampleFormat,
        sampleRate: rate,
        channelLayout: layout,
        timeBase: { num: 1, den: rate },
        pts: BigInt(at),
      });
      check(context.sendFrameSync(frame));
      frame.free();
      drain();
    }
    context.sendFrameSync(null);
    drain();
    check(output.writeTrailerSync());
    output.closeOutputSync();
    return readFileSync(path);
  } finally {
    packet.free();
    context.freeContext();
    output.freeContext();
    rmSync(folder, { recursive: true });
  }
}

/** Mono 16-bit → what an encoder wants, in one buffer. */
function converter(format: AVSampleFormat, rate: number, layout: CodecContext['channelLayout']) {
  const context = new SoftwareResampleContext();
  const mono = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };
  check(context.allocSetOpts2(layout, format, rate, mono, AV_SAMPLE_FMT_S16, rate));
  check(context.init());
  const planar = avSampleFmtIsPlanar(format);
  const planes = planar ? layout.nbChannels : 1;
  const width = avGetBytesPerSample(format) * (planar ? 1 : layout.nbChannels);
  return (samples: Int16Array): Buffer => {
    const out = Array.from({ length: planes }, () => Buffer.alloc(samples.length * width));
    check(context.convertSync(out, samples.length, [Buffer.from(samples.buffer)], samples.length));
    return Buffer.concat(out);
  };
}

function check(result: number): void {
  FFmpegError.throwIfError(result, 'encodeAudio');
}
