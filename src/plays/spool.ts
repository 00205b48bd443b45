import { mkdir, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface SpoolOptions {
  readonly maxBytes: number;
  /** The bound has cost this play's file. */
  readonly onDropped: (playId: string) => void;
}

/** Ending of a file that is being written to take another one's place. */
const ASIDE = '.new';

/** Files `<playId>.pcm` (mono, 16-bit little-endian, 8 kHz) in one folder of bounded size. */
export class Spool {
  readonly #folder: string;
  readonly #options: SpoolOptions;
  /** Size of each file, oldest play first (their names begin with their time). */
  readonly #sizes = new Map<string, number>();

  private constructor(folder: string, options: SpoolOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  static async open(folder: string, options: SpoolOptions): Promise<Spool> {
    await mkdir(folder, { recursive: true });
    const spool = new Spool(folder, options);
    const files = await readdir(folder);
    // Half-written by a run that was killed: the file that it was to replace is still there.
    for (const name of files.filter((file) => file.endsWith(ASIDE))) await rm(join(folder, name));
    for (const name of files.filter((file) => /^[0-9a-f-]{36}\.pcm$/.test(file)).sort()) {
      spool.#sizes.set(name.slice(0, -4), (await stat(join(folder, name))).size);
    }
    return spool;
  }

  get bytes(): number {
    let sum = 0;
    for (const size of this.#sizes.values()) sum += size;
    return sum;
  }

  get plays(): string[] {
    return [...this.#sizes.keys()];
  }

  path(playId: string): string {
    return join(this.#folder, `${playId}.pcm`);
  }

  /** Samples of a play's file; undefined when there is none. */
  samples(playId: string): number | undefined {
    const bytes = this.#sizes.get(playId);
    return bytes === undefined ? undefined : Math.floor(bytes / 2);
  }

  /** Adds to a play's file, made if needed; the oldest other files go when there is no room. */
  async append(playId: string, samples: Int16Array): Promise<void> {
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    await this.#makeRoom(playId, bytes.length);
    const file = await open(this.path(playId), 'a');
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    this.#sizes.set(playId, (this.#sizes.get(playId) ?? 0) + bytes.length);
  }

  /** Cuts a play's file to a number of samples. */
  async shorten(playId: string, samples: number): Promise<void> {
    if ((this.samples(playId) ?? 0) <= samples) return;
    await truncate(this.path(playId), samples * 2);
    this.#sizes.set(playId, samples * 2);
  }

  /** Takes samples away from the beginning of a play's file; who reads it meanwhile has the one before or the one after. */
  async behead(playId: string, samples: number): Promise<void> {
    if (samples <= 0 || this.samples(playId) === undefined) return;
    const rest = (await this.read(playId)).subarray(samples);
    const path = this.path(playId);
    await writeFile(path + ASIDE, Buffer.from(rest.buffer, rest.byteOffset, rest.byteLength));
    await rename(path + ASIDE, path);
    this.#sizes.set(playId, rest.byteLength);
  }

  async read(playId: string): Promise<Int16Array> {
    const data = await readFile(this.path(playId));
    return new Int16Array(data.buffer.slice(data.byteOffset, data.byteOffset + (data.length & ~1)));
  }

  async remove(playId: string): Promise<void> {
    this.#sizes.delete(playId);
    await rm(this.path(playId), { force: true });
  }

  async #makeRoom(playId: string, bytes: number): Promise<void> {
    for (const oldest of [...this.#sizes.keys()]) {
      if (this.bytes + bytes <= this.#options.maxBytes) return;
      if (oldest === playId) continue;
      this.#options.onDropped(oldest);
      await this.remove(oldest);
    }
  }
}
