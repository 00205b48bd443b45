/** One frame of a self-framing codec, as its header describes it. */
export interface FrameHeader {
  /** Whole frame, header included, bytes. */
  readonly length: number;
  /** What stays the same from frame to frame of one stream. */
  readonly kind: number;
}

/** Reads a header at `at`, where at least HEADER_BYTES are there; undefined when there is none. */
export type HeaderReader = (bytes: Buffer, at: number) => FrameHeader | undefined;

export const HEADER_BYTES = 7;

const MPEG1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_LAYER2_KBPS = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const MPEG_RATES = [44_100, 48_000, 32_000];

/** MPEG-1, 2 and 2.5 audio, layers II and III; not the free format, which no broadcaster uses. */
export const mpegHeader: HeaderReader = (bytes, at) => {
  const [b0, b1, b2] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
  if (b0 !== 0xff || (b1 & 0xe0) !== 0xe0) return undefined;
  const version = (b1 >> 3) & 3; // 0: 2.5, 2: 2, 3: 1
  const layer = 4 - ((b1 >> 1) & 3);
  const rateIndex = (b2 >> 2) & 3;
  const bitrateIndex = b2 >> 4;
  if (version === 1 || (layer !== 2 && layer !== 3) || rateIndex === 3) return undefined;
  if (bitrateIndex === 0 || bitrateIndex === 15) return undefined;
  const table = version !== 3 ? MPEG2_KBPS : layer === 2 ? MPEG1_LAYER2_KBPS : MPEG1_KBPS;
  const rate = MPEG_RATES[rateIndex]! >> (version === 3 ? 0 : version === 2 ? 1 : 2);
  const samples = layer === 3 && version !== 3 ? 576 : 1152;
  const length = Math.floor(((samples / 8) * table[bitrateIndex]! * 1000) / rate) + ((b2 >> 1) & 1);
  return { length, kind: (b1 & 0x1e) | (rateIndex << 5) };
};

/** AAC in ADTS. */
export const adtsHeader: HeaderReader = (bytes, at) => {
  const [b0, b1, b2, b3] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
  if (b0 !== 0xff || (b1 & 0xf6) !== 0xf0) return undefined;
  const rateIndex = (b2 >> 2) & 15;
  if (rateIndex > 12) return undefined;
  const length = ((b3 & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
  if (length < 8) return undefined;
  return { length, kind: (b1 & 8) | (rateIndex << 4) | ((b2 >> 6) << 8) };
};
