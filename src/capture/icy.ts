/** The longest title that is kept, characters: the field is free text of strangers. */
const LONGEST_TITLE = 500;
const MOST_METAINT = 1 << 20;

/**
 * Separates the audio of an ICY stream from the titles that the server puts into it every `metaint` bytes. With
 * `metaint` 0 everything is audio.
 */
export class IcyParser {
  private untilMeta: number;
  private metaLeft = 0;
  private meta: Buffer[] = [];

  constructor(
    private readonly metaint: number,
    private readonly onTitle: (title: string) => void,
  ) {
    this.untilMeta = metaint;
  }

  /** The audio in `bytes`; titles are told in their place. */
  push(bytes: Buffer): Buffer {
    if (this.metaint === 0) return bytes;
    const audio: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.metaLeft > 0) {
        const part = bytes.subarray(at, at + this.metaLeft);
        this.meta.push(Buffer.from(part));
        this.metaLeft -= part.length;
        at += part.length;
        if (this.metaLeft === 0) this.finishMeta();
      } else if (this.untilMeta === 0) {
        this.metaLeft = bytes[at]! * 16;
        this.untilMeta = this.metaint;
        at++;
      } else {
        const part = bytes.subarray(at, at + this.untilMeta);
        audio.push(part);
        this.untilMeta -= part.length;
        at += part.length;
      }
    }
    return audio.length === 1 ? audio[0]! : Buffer.concat(audio);
  }

  private finishMeta(): void {
    const title = streamTitle(Buffer.concat(this.meta));
    this.meta = [];
    if (title !== undefined) this.onTitle(title);
  }
}

/** `icy-metaint` as a number; 0 when absent. An absurd one is taken as absent. */
export function metaintOf(header: string | undefined): number {
  const n = header !== undefined && /^\s*\d{1,9}\s*$/.test(header) ? Number(header) : 0;
  return n <= MOST_METAINT ? n : 0;
}

/** The title in an ICY metadata block; undefined when it has none. UTF-8 where it is valid, Latin-1 otherwise. */
export function streamTitle(block: Buffer): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(block);
  } catch {
    text = block.toString('latin1');
  }
  const start = text.indexOf("StreamTitle='");
  if (start === -1) return undefined;
  const value = text.slice(start + 13);
  const end = value.search(/';(?:\s*Stream\w+=|\s*\0|\s*$)/);
  const raw = end === -1 ? value.replace(/'?;?\0*$/, '') : value.slice(0, end);
  return raw
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST_TITLE);
}
