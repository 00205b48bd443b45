/** Bytes of audio between two blocks of ICY metadata: what Icecast uses. */
export const ICY_INTERVAL = 16_000;

/** Puts `StreamTitle` blocks between the bytes of one listener's stream. */
export class IcyInterleaver {
  private untilBlock = ICY_INTERVAL;
  private sent: string | undefined;

  /** @param title what is on the air now */
  push(data: Buffer, title: string): Buffer {
    const parts: Buffer[] = [];
    let at = 0;
    while (data.length - at >= this.untilBlock) {
      parts.push(data.subarray(at, at + this.untilBlock), this.block(title));
      at += this.untilBlock;
      this.untilBlock = ICY_INTERVAL;
    }
    parts.push(data.subarray(at));
    this.untilBlock -= data.length - at;
    return Buffer.concat(parts);
  }

  private block(title: string): Buffer {
    if (title === this.sent) return Buffer.from([0]);
    this.sent = title;
    // The title is not escaped in this protocol: a quote within would end it for some players.
    const text = Buffer.from(`StreamTitle='${title.replaceAll("'", '’')}';`, 'utf8').subarray(0, 255 * 16);
    const block = Buffer.alloc(1 + 16 * Math.ceil(text.length / 16));
    block[0] = (block.length - 1) / 16;
    text.copy(block, 1);
    return block;
  }
}
