import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
} from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from '../log';

/** The journal has no room: nothing was written. */
export class JournalFull extends Error {
  constructor(readonly maxBytes: number) {
    super(`the play journal is full (${maxBytes} bytes)`);
    this.name = 'JournalFull';
  }
}

export interface JournalEntry<T> {
  /** Rising, unique within this run. */
  readonly seq: number;
  readonly value: T;
}

interface Segment {
  readonly path: string;
  readonly number: number;
  firstSeq: number;
  entries: number;
  bytes: number;
}

interface Waiting {
  readonly line: Buffer;
  resolve(seq: number): void;
  reject(error: unknown): void;
}

/** A segment file is closed at this size, bytes. */
const SEGMENT_BYTES = 1_000_000;

/**
 * An append-only log of JSON values on disk, in bounded segment files. What `append` has resolved is there after any
 * crash; what has been acknowledged may be given again after one, so its readers must be idempotent.
 */
export class Journal<T> {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #log: Logger;
  #segments: Segment[] = [];
  #file: FileHandle | undefined;
  #waiting: Waiting[] = [];
  /** Everything that touches files happens in this chain, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #writing = false;
  #nextSeq = 1;
  #acknowledged = 0;
  #closed = false;

  private constructor(folder: string, options: { maxBytes: number; log: Logger }) {
    this.#folder = folder;
    this.#maxBytes = options.maxBytes;
    this.#log = options.log;
  }

  /** Opens the journal in `folder`, made if needed; a last line that a crash tore is dropped. */
  static async open<T>(folder: string, options: { maxBytes: number; log: Logger }): Promise<Journal<T>> {
    const journal = new Journal<T>(folder, options);
    await mkdir(folder, { recursive: true });
    const names = (await readdir(folder)).filter((name) => /^\d{8}\.jsonl$/.test(name)).sort();
    for (const name of names) await journal.#recover(name);
    return journal;
  }

  /** Entries not yet acknowledged. */
  get entries(): number {
    return this.#nextSeq - 1 - this.#acknowledged;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  /**
   * Resolves with the entry's number when it is on disk. Many calls share one fsync; order is the order of the calls.
   * @throws JournalFull, or the file system's error: then it is not in the journal
   */
  append(value: T): Promise<number> {
    const json = JSON.stringify(value);
    const line = Buffer.from(`${checksum(json)} ${json}\n`);
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('the play journal is closed'));
      this.#waiting.push({ line, resolve, reject });
      if (this.#writing) return;
      this.#writing = true;
      void this.#enqueue(() => this.#write());
    });
  }

  /** The oldest entries that are not acknowledged, at most `limit` and at most one segment's. */
  async read(limit: number): Promise<JournalEntry<T>[]> {
    let out: JournalEntry<T>[] = [];
    await this.#enqueue(async () => {
      const segment = this.#segments.find(
        ({ firstSeq, entries }) => firstSeq + entries - 1 > this.#acknowledged && entries > 0,
      );
      if (!segment) return;
      const lines = (await readFile(segment.path)).subarray(0, segment.bytes).toString('utf8').split('\n');
      const skip = Math.max(0, this.#acknowledged + 1 - segment.firstSeq);
      out = lines
        .slice(skip, Math.min(segment.entries, skip + limit))
        .map((line, i) => ({ seq: segment.firstSeq + skip + i, value: JSON.parse(line.slice(9)) as T }));
    });
    return out;
  }

  /** All entries that are not acknowledged, oldest first. */
  async *all(): AsyncGenerator<T> {
    for (const { path, firstSeq } of [...this.#segments]) {
      const lines = (await readFile(path, 'utf8')).split('\n');
      for (const [i, line] of lines.entries()) {
        if (line !== '' && firstSeq + i > this.#acknowledged) yield JSON.parse(line.slice(9)) as T;
      }
    }
  }

  /** Everything up to `seq` is safe elsewhere: its files go when nothing else is in them. */
  async acknowledge(seq: number): Promise<void> {
    await this.#enqueue(async () => {
      this.#acknowledged = Math.max(this.#acknowledged, Math.min(seq, this.#nextSeq - 1));
      const done = (segment: Segment) => segment.firstSeq + segment.entries - 1 <= this.#acknowledged;
      const active = this.#segments.at(-1);
      for (const segment of this.#segments.filter((s) => s !== active && done(s))) {
        await rm(segment.path, { force: true });
        this.#segments = this.#segments.filter((s) => s !== segment);
      }
      if (!active || !done(active) || active.bytes === 0) return;
      await truncate(active.path, 0);
      active.bytes = 0;
      active.entries = 0;
      active.firstSeq = this.#nextSeq;
    });
  }

  /** Writes what was given, then refuses more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#enqueue(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  #enqueue(job: () => Promise<void>): Promise<void> {
    const done = this.#work.then(job);
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const fits: Waiting[] = [];
      let size = 0;
      for (const one of batch) {
        if (this.bytes + size + one.line.length > this.#maxBytes) one.reject(new JournalFull(this.#maxBytes));
        else {
          fits.push(one);
          size += one.line.length;
        }
      }
      if (fits.length === 0) continue;
      try {
        const segment = await this.#segmentFor(size);
        await this.#appendTo(segment, Buffer.concat(fits.map(({ line }) => line)));
        segment.entries += fits.length;
        segment.bytes += size;
        for (const one of fits) one.resolve(this.#nextSeq++);
      } catch (error) {
        for (const one of fits) one.reject(error);
      }
    }
    this.#writing = false;
  }

  async #appendTo(segment: Segment, data: Buffer): Promise<void> {
    const file = this.#file!;
    try {
      for (let written = 0; written < data.length; ) {
        written += (await file.write(data, written, data.length - written)).bytesWritten;
      }
      await file.datasync();
    } catch (error) {
      // A full disk leaves half a line: away with it, the next append must begin on a line of its own.
      await file.truncate(segment.bytes).catch(() => undefined);
      throw error;
    }
  }

  async #segmentFor(size: number): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (last && this.#file && (last.bytes === 0 || last.bytes + size <= SEGMENT_BYTES)) return last;
    await this.#file?.close();
    this.#file = undefined;
    const number = (last?.number ?? 0) + 1;
    const path = join(this.#folder, `${String(number).padStart(8, '0')}.jsonl`);
    this.#file = await open(path, 'a');
    await syncFolder(this.#folder);
    const segment = { path, number, firstSeq: this.#nextSeq, entries: 0, bytes: 0 };
    this.#segments.push(segment);
    return segment;
  }

  /** Takes a former run's segment; whole lines that do not read are set aside, a torn end is cut off. */
  async #recover(name: string): Promise<void> {
    const path = join(this.#folder, name);
    const data = await readFile(path);
    const good: Buffer[] = [];
    const bad: Buffer[] = [];
    let at = 0;
    for (let end = data.indexOf(10); end !== -1; end = data.indexOf(10, at)) {
      const line = data.subarray(at, end + 1);
      (isWhole(line) ? good : bad).push(line);
      at = end + 1;
    }
    if (at < data.length) {
      this.#log.warn(
        { file: name, bytes: data.length - at },
        'journal des diffusions : dernière ligne incomplète (arrêt brutal), écartée',
      );
    }
    if (bad.length > 0) {
      await writeDurably(join(this.#folder, `${name}.corrupt`), Buffer.concat(bad), 'a');
      this.#log.error(
        { file: `${name}.corrupt`, lines: bad.length },
        'journal des diffusions : lignes illisibles mises de côté, à examiner',
      );
    }
    if (good.length === 0) return rm(path);
    const kept = Buffer.concat(good);
    if (bad.length > 0) {
      await writeDurably(`${path}.tmp`, kept, 'w');
      await rename(`${path}.tmp`, path);
      await syncFolder(this.#folder);
    } else if (at < data.length) await truncate(path, at);
    const number = Number(name.slice(0, 8));
    this.#segments.push({
      path,
      number,
      firstSeq: this.#nextSeq,
      entries: good.length,
      bytes: (await stat(path)).size,
    });
    this.#nextSeq += good.length;
  }
}

/** Writes and fsyncs a small file. */
export async function writeDurably(path: string, data: Buffer | string, flags: 'a' | 'w'): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a new file's name survive a crash; Windows does that by itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

function isWhole(line: Buffer): boolean {
  const text = line.toString('utf8').slice(0, -1);
  if (text[8] !== ' ' || text.slice(0, 8) !== checksum(text.slice(9))) return false;
  try {
    JSON.parse(text.slice(9));
    return true;
  } catch {
    return false;
  }
}
