/**
 * Prints the compressed base64 Chromaprint fingerprint of mono 16-bit PCM: `chromaprint-main <rate> <file>`, or from the
 * standard input with `-` as file. A process of its own: FFmpeg's code is native and computes for tenths of a second.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import {
  AV_CHANNEL_ORDER_NATIVE,
  AV_CODEC_ID_PCM_S16LE,
  AV_SAMPLE_FMT_S16,
  AVMEDIA_TYPE_AUDIO,
  Dictionary,
  FormatContext,
  IOContext,
  Packet,
  Rational,
  SoftwareResampleContext,
} from 'node-av';
import { FINGERPRINTED_S } from './chromaprint-limits';

/** Chromaprint's own rate, hertz. */
const CHROMAPRINT_RATE = 11_025;
const MONO = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };
const BLOCK_S = 10;

function main([rateText, file]: readonly string[]): void {
  const rate = Number(rateText);
  if (!(rate >= 4_000 && rate <= 192_000) || !file)
    throw new Error('usage: chromaprint-main <rate> <file|->');
  process.stdout.write(fingerprint(resampled(pcmOf(file, rate), rate)));
}

/** The beginning of the PCM, as much as is fingerprinted. */
function pcmOf(file: string, rate: number): Buffer {
  const most = FINGERPRINTED_S * rate * 2;
  if (file === '-') return readFileSync(0).subarray(0, most);
  const fd = openSync(file, 'r');
  try {
    const pcm = Buffer.alloc(Math.min(most, fstatSync(fd).size & ~1));
    let read = 0;
    while (read < pcm.length) {
      const n = readSync(fd, pcm, read, pcm.length - read, read);
      if (n === 0) break;
      read += n;
    }
    return pcm.subarray(0, read & ~1);
  } finally {
    closeSync(fd);
  }
}

function resampled(pcm: Buffer, rate: number): Buffer {
  using context = new SoftwareResampleContext();
  check(
    context.allocSetOpts2(MONO, AV_SAMPLE_FMT_S16, CHROMAPRINT_RATE, MONO, AV_SAMPLE_FMT_S16, rate),
    'resampler',
  );
  check(context.init(), 'resampler');
  const parts: Buffer[] = [];
  const convert = (input: Buffer[] | null, samples: number) => {
    const room = context.getOutSamples(samples) + 256;
    const out = Buffer.alloc(room * 2);
    const got = check(context.convertSync([out], room, input, samples), 'resampling');
    parts.push(out.subarray(0, got * 2));
  };
  const block = BLOCK_S * rate * 2;
  for (let at = 0; at < pcm.length; at += block) {
    const part = pcm.subarray(at, at + block);
    convert([part], part.length >> 1);
  }
  convert(null, 0);
  return Buffer.concat(parts);
}

function fingerprint(pcm: Buffer): Buffer {
  const format = new FormatContext();
  const io = new IOContext();
  const written: Buffer[] = [];
  check(format.allocOutputContext2(null, 'chromaprint', null), 'the chromaprint format');
  io.allocContextWithCallbacks(65_536, 1, null, (part) => {
    written.push(Buffer.from(part));
    return part.length;
  });
  format.pb = io;
  const stream = format.newStream(null);
  const parameters = stream.codecpar;
  parameters.codecType = AVMEDIA_TYPE_AUDIO;
  parameters.codecId = AV_CODEC_ID_PCM_S16LE;
  parameters.format = AV_SAMPLE_FMT_S16;
  parameters.sampleRate = CHROMAPRINT_RATE;
  parameters.channelLayout = MONO;
  stream.timeBase = new Rational(1, CHROMAPRINT_RATE);
  check(format.writeHeaderSync(Dictionary.fromObject({ fp_format: 'base64' })), 'chromaprint header');
  using packet = new Packet();
  const block = BLOCK_S * CHROMAPRINT_RATE * 2;
  for (let at = 0; at < pcm.length; at += block) {
    packet.alloc();
    packet.data = Buffer.from(pcm.subarray(at, at + block));
    packet.streamIndex = 0;
    packet.pts = BigInt(at >> 1);
    packet.dts = BigInt(at >> 1);
    check(format.writeFrameSync(packet), 'chromaprint');
    packet.unref();
  }
  check(format.writeTrailerSync(), 'chromaprint');
  io.flushSync();
  return Buffer.concat(written);
}

function check(code: number, what: string): number {
  if (code < 0) throw new Error(`${what} failed: ${code}`);
  return code;
}

try {
  main(process.argv.slice(2));
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// The library's callbacks keep the process alive otherwise. A pipe is written synchronously on POSIX.
process.stdout.write('', () => process.exit());
