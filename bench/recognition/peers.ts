import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../src/errors';
import { bytesOf } from './ffmpeg';
import type { Song } from './material';

/** What another recogniser says to a query; the higher the score, the surer. */
export interface PeerAnswer {
  readonly name: string;
  readonly score: number;
}

/** Another recogniser, given the same library and the same queries. */
export interface Peer {
  readonly name: string;
  /** Answers to queries (8 kHz mono) cut to some seconds; undefined where it finds nothing. */
  ask(queries: readonly Int16Array[], seconds: number): (PeerAnswer | undefined)[];
}

/** RIFF, one chunk of format and one of 16-bit samples. */
function writeWav(path: string, samples: Int16Array): void {
  const data = bytesOf(samples);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  writeFileSync(path, Buffer.concat([head, data]));
}

/** Seconds of audio behind a Chromaprint item, and between two. */
const ITEM_S = 4096 / 11_025 / 3;
const FIRST_ITEM_S = 2.7;

/** Chromaprint's fingerprints (`fpcalc -raw`) with an index of their items and votes for offsets. */
export class Chromaprint implements Peer {
  readonly name = 'Chromaprint';
  private readonly index = new Map<number, number[]>();
  private readonly items: Uint32Array[] = [];
  /** Of whole queries: a shorter one's items are the first of it. */
  private readonly heard = new WeakMap<Int16Array, Uint32Array>();

  constructor(
    private readonly library: readonly Song[],
    private readonly folder: string,
  ) {
    for (const [track, song] of library.entries()) {
      const items = this.fingerprint(song.samples);
      this.items.push(items);
      for (const [position, item] of items.entries()) {
        const places = this.index.get(item);
        if (places) places.push(track * 2 ** 20 + position);
        else this.index.set(item, [track * 2 ** 20 + position]);
      }
    }
  }

  private fingerprint(samples: Int16Array): Uint32Array {
    const path = join(this.folder, 'chromaprint.wav');
    writeWav(path, samples);
    const { stdout } = spawnSync('fpcalc', ['-raw', '-plain', '-length', '0', path], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    return Uint32Array.from(stdout.trim() === '' ? [] : stdout.trim().split(','), Number);
  }

  ask(queries: readonly Int16Array[], seconds: number): (PeerAnswer | undefined)[] {
    const count = Math.max(0, Math.floor((seconds - FIRST_ITEM_S) / ITEM_S));
    return queries.map((samples) => {
      const whole = this.heard.get(samples) ?? this.fingerprint(samples);
      this.heard.set(samples, whole);
      const query = whole.subarray(0, count + 1);
      const votes = new Map<number, number>();
      for (const [at, item] of query.entries()) {
        for (let bit = -1; bit < 32; bit++) {
          const near = bit < 0 ? item : (item ^ (1 << bit)) >>> 0;
          for (const place of this.index.get(near) ?? []) {
            votes.set(place - at, (votes.get(place - at) ?? 0) + 1);
          }
        }
      }
      let best: PeerAnswer | undefined;
      const likeliest = [...votes].sort((a, b) => b[1] - a[1]).slice(0, 10);
      for (const [place] of likeliest) {
        const track = Math.round(place / 2 ** 20);
        const items = this.items[track];
        const offset = place - track * 2 ** 20;
        if (!items) continue;
        let same = 0;
        let compared = 0;
        for (const [at, item] of query.entries()) {
          const other = items[offset + at];
          if (other === undefined) continue;
          same += 32 - bitsOf((item ^ other) >>> 0);
          compared += 32;
        }
        const score = compared < query.length * 16 ? 0 : same / compared;
        if (score > (best?.score ?? 0)) best = { name: this.library[track]!.name, score };
      }
      return best;
    });
  }
}

function bitsOf(x: number): number {
  let n = 0;
  for (let rest = x; rest !== 0; rest &= rest - 1) n++;
  return n;
}

/**
 * Any recogniser that a command line starts. It is given two text files, `<command> <library> <queries>`, with one path of
 * a WAV file (8 kHz mono) per line, and prints, for each query that it knows, a line: the query's path, the path of the
 * library's file, a finite score, tab-separated. It is started once per kind and length of queries, with the same library.
 */
export class CommandPeer implements Peer {
  private readonly libraryList: string;
  private readonly names = new Map<string, string>();

  constructor(
    readonly name: string,
    private readonly command: string,
    library: readonly Song[],
    private readonly folder: string,
  ) {
    const place = join(folder, 'peer-library');
    mkdirSync(place, { recursive: true });
    const paths = library.map((song, i) => {
      const path = join(place, `${i}.wav`);
      writeWav(path, song.samples);
      this.names.set(path, song.name);
      return path;
    });
    this.libraryList = join(folder, 'peer-library.txt');
    writeFileSync(this.libraryList, `${paths.join('\n')}\n`);
  }

  ask(queries: readonly Int16Array[], seconds: number): (PeerAnswer | undefined)[] {
    const place = join(this.folder, 'peer-queries');
    mkdirSync(place, { recursive: true });
    const paths = queries.map((samples, i) => {
      const path = join(place, `${i}.wav`);
      writeWav(path, samples.subarray(0, seconds * 8000));
      return path;
    });
    const list = join(this.folder, 'peer-queries.txt');
    writeFileSync(list, `${paths.join('\n')}\n`);
    const output = join(this.folder, 'peer-output.txt');
    const { status, signal } = spawnSync(`${this.command} "${this.libraryList}" "${list}" > "${output}"`, {
      shell: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) {
      const phrase = {
        fr: `Le pair ${this.name} a échoué (${signal ?? `code ${status}`}) : ${this.command}`,
        en: `The peer ${this.name} failed (${signal ?? `status ${status}`}): ${this.command}`,
      };
      throw new AppError('peer_failed', 500, phrase);
    }
    const answers = this.answersOf(readFileSync(output, 'utf8'), new Set(paths));
    return paths.map((path) => answers.get(path));
  }

  /** The best answer to each query. A line that would silently count as a miss is an error: it shows a wrong adapter. */
  private answersOf(output: string, asked: ReadonlySet<string>): Map<string, PeerAnswer> {
    const answers = new Map<string, PeerAnswer>();
    for (const line of output.split(/\r?\n/)) {
      const [query, path, said, ...rest] = line.split('\t');
      if (query === undefined || path === undefined || said === undefined) continue;
      const name = this.names.get(path);
      const score = said.trim() === '' ? Number.NaN : Number(said);
      if (!asked.has(query) || name === undefined || !Number.isFinite(score) || rest.length > 0) {
        const phrase = {
          fr: `Le pair ${this.name} a répondu autre chose que « requête<TAB>fichier de la bibliothèque<TAB>score » : ${line}`,
          en: `The peer ${this.name} printed something else than "query<TAB>library file<TAB>score": ${line}`,
        };
        throw new AppError('peer_output', 500, phrase);
      }
      if (score > (answers.get(query)?.score ?? Number.NEGATIVE_INFINITY))
        answers.set(query, { name, score });
    }
    return answers;
  }
}
