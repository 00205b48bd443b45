/** Seconds of audio between two items of a Chromaprint fingerprint: 4096 samples at 11,025 Hz, two thirds overlapping. */
export const ITEM_S = 1365 / 11_025;

/**
 * The 32-bit items of a compressed base64 fingerprint. Each item is the exclusive-or with its predecessor, written as
 * distances between its set bits: three bits each, 7 meaning that five more bits follow in a second list.
 * @throws RangeError for anything that is not such a fingerprint
 */
export function chromaprintItems(fingerprint: string): Uint32Array {
  const bytes = Buffer.from(fingerprint, 'base64url');
  if (bytes.length < 4) throw new RangeError('not a Chromaprint fingerprint: too short');
  const count = bytes.readUIntBE(1, 3);
  const bits = new BitReader(bytes, 4);
  const distances: number[] = [];
  for (let items = 0; items < count; ) {
    const distance = bits.read(3);
    distances.push(distance);
    if (distance === 0) items++;
  }
  bits.align();
  const out = new Uint32Array(count);
  let [item, bit, previous, at] = [0, 0, 0, 0];
  for (const distance of distances) {
    if (distance === 0) {
      previous = (previous ^ item) >>> 0;
      out[at++] = previous;
      [item, bit] = [0, 0];
      continue;
    }
    bit += distance === 7 ? 7 + bits.read(5) : distance;
    if (bit > 32) throw new RangeError('not a Chromaprint fingerprint: an item of more than 32 bits');
    item |= 1 << (bit - 1);
  }
  return out;
}

/** Bits from the lowest of each byte on. */
class BitReader {
  private bit: number;

  constructor(
    private readonly bytes: Uint8Array,
    from: number,
  ) {
    this.bit = from * 8;
  }

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.bit++) {
      const byte = this.bytes[this.bit >> 3];
      if (byte === undefined) throw new RangeError('not a Chromaprint fingerprint: it ends too early');
      value |= ((byte >> (this.bit & 7)) & 1) << i;
    }
    return value;
  }

  align(): void {
    this.bit = (this.bit + 7) & ~7;
  }
}

/** Share of differing bits where `a` and `b` overlap when `b` begins `offset` items after `a`; 0–1, NaN without overlap. */
export function bitErrorRate(a: Uint32Array, b: Uint32Array, offset: number): number {
  const from = Math.max(0, offset);
  const to = Math.min(a.length, b.length + offset);
  let different = 0;
  for (let i = from; i < to; i++) different += ones(a[i]! ^ b[i - offset]!);
  return to > from ? different / (32 * (to - from)) : Number.NaN;
}

function ones(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
