import { AV_CHANNEL_ORDER_NATIVE, AV_SAMPLE_FMT_S16, type AVSampleFormat } from 'node-av/constants';
import { avSampleFmtIsPlanar, type Frame, SoftwareResampleContext } from 'node-av/lib';
import { SAMPLE_RATE } from '../../audio';

const MONO = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };
const NOTHING = new Int16Array(0);

/**
 * Any decoded frames → mono, 16-bit, at SAMPLE_RATE. A stream may change its rate or channels in the middle (Icecast
 * sources do at a change of programme): the converter is then made anew, after giving what the old one still held.
 */
export class Resampler {
  private context: SoftwareResampleContext | undefined;
  private shape = '';
  private planar = false;
  private channels = 0;

  /** Samples that this frame completes; empty while the filter fills. Throws on a frame that no converter takes. */
  push(frame: Frame): Int16Array {
    const planes = frame.extendedData ?? frame.data;
    if (!planes || frame.nbSamples <= 0) return NOTHING;
    const layout = frame.channelLayout;
    const shape = `${frame.sampleRate}/${frame.format}/${layout.nbChannels}/${layout.mask}`;
    if (shape === this.shape) return this.convert(planes, frame.nbSamples);
    const rest = this.flush();
    this.open(frame);
    this.shape = shape;
    const fresh = this.convert(planes, frame.nbSamples);
    return rest.length === 0 ? fresh : joined([rest, fresh]);
  }

  /** What the filter still holds; the next frame starts afresh. */
  flush(): Int16Array {
    if (!this.context) return NOTHING;
    const rest = this.convert(null, 0);
    this.close();
    return rest;
  }

  close(): void {
    this.context?.close();
    this.context = undefined;
    this.shape = '';
  }

  private open(frame: Frame): void {
    const context = new SoftwareResampleContext();
    const layout = frame.channelLayout;
    const nameless = layout.mask === 0n;
    const known = nameless ? { ...layout, order: MONO.order, mask: plainMask(layout.nbChannels) } : layout;
    const set = context.allocSetOpts2(
      MONO,
      AV_SAMPLE_FMT_S16,
      SAMPLE_RATE,
      known,
      frame.format as AVSampleFormat,
      frame.sampleRate,
    );
    if (set < 0 || context.init() < 0) {
      context.close();
      throw new Error(`no converter for ${frame.sampleRate} Hz, ${layout.nbChannels} channels`);
    }
    this.context = context;
    this.planar = avSampleFmtIsPlanar(frame.format as AVSampleFormat);
    this.channels = layout.nbChannels;
  }

  private convert(planes: Buffer[] | null, count: number): Int16Array {
    const context = this.context!;
    const room = context.getOutSamples(count) + 32;
    const out = Buffer.allocUnsafeSlow(room * 2);
    const inputs = planes ? planes.slice(0, this.planar ? this.channels : 1) : null;
    const made = context.convertSync([out], room, inputs, count);
    if (made < 0) throw new Error(`the converter refused a frame (${made})`);
    return new Int16Array(out.buffer, 0, made);
  }
}

/** Mask of the usual speakers for a layout that says only how many channels there are. */
function plainMask(channels: number): bigint {
  return channels === 1 ? 4n : (1n << BigInt(channels)) - 1n;
}

/** One array from many. */
export function joined(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
