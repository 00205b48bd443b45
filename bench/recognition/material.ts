import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { decodeFile } from '../../src/capture/decode-file';
import { AppError } from '../../src/errors';
import { type Duplicate, findDuplicate } from '../../src/recognition/local/duplicates';
import { fingerprintOf } from '../../src/recognition/local/fingerprint';
import { buildIndex, EMPTY_INDEX, type LandmarkIndex } from '../../src/recognition/local/landmark-index';
import { type ReferenceTrack, referenceOf } from '../../src/recognition/local/reference';
import { Searcher } from '../../src/recognition/local/search';
import type { Progress } from './progress';

const AUDIO = new Set(['.mp3', '.ogg', '.opus', '.oga', '.flac', '.wav', '.m4a', '.aac', '.wma', '.aiff']);

/** A recording of the library or of the unknown. */
export interface Song {
  readonly name: string;
  readonly path: string;
  /** Mono, 8 kHz. */
  readonly samples: Int16Array;
  readonly reference: ReferenceTrack;
}

/** Audio files below a folder, by path; those whose name contains one of `excluded` left out. */
export function audioFiles(folder: string, excluded: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (path: string) => {
    for (const name of readdirSync(path).toSorted()) {
      const inner = join(path, name);
      if (statSync(inner).isDirectory()) walk(inner);
      else if (AUDIO.has(extname(name).toLowerCase()) && !excluded.some((part) => name.includes(part))) {
        found.push(inner);
      }
    }
  };
  try {
    walk(folder);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new AppError(
      'folder_unreadable',
      422,
      { fr: `Dossier illisible : ${folder} (${why})`, en: `Unreadable folder: ${folder} (${why})` },
      undefined,
      { cause },
    );
  }
  if (found.length === 0) {
    const phrase = { fr: `Aucun fichier audio dans ${folder}.`, en: `No audio file in ${folder}.` };
    throw new AppError('folder_empty', 422, phrase);
  }
  return found;
}

/** Decodes and fingerprints files; what cannot be read is told and left out. */
export function readSongs(paths: readonly string[], firstId: number, progress: Progress): Song[] {
  const songs: Song[] = [];
  for (const [i, path] of paths.entries()) {
    progress.show(i / paths.length, basename(path));
    try {
      const { samples } = decodeFile(path);
      const reference = referenceOf(firstId + songs.length, fingerprintOf(samples));
      songs.push({ name: basename(path), path, samples, reference });
    } catch (error) {
      progress.say(`${basename(path)} : ${error instanceof AppError ? error.phrase.fr : error}`);
    }
  }
  return songs;
}

/** The library without second copies of a recording, and the unknown without what the library has. */
export function withoutShared(library: readonly Song[], unknown: readonly Song[], progress: Progress) {
  const searcher = new Searcher(EMPTY_INDEX);
  const dropped: string[] = [];
  const known: Song[] = [];
  let index: LandmarkIndex = EMPTY_INDEX;
  const rebuild = () => {
    index = buildIndex(
      known.map(({ reference }) => reference),
      1,
    );
    searcher.use(index);
  };
  const inLibrary = (song: Song): Duplicate | undefined =>
    findDuplicate(song.reference.words, index, searcher);
  const drop = (song: Song, { trackId }: Duplicate) =>
    dropped.push(`${song.name} = ${known.find(({ reference }) => reference.trackId === trackId)?.name}`);
  for (const [i, song] of library.entries()) {
    progress.show(i / library.length, 'enregistrements communs');
    const same = known.length === 0 ? undefined : inLibrary(song);
    if (same) drop(song, same);
    else {
      known.push(song);
      rebuild();
    }
  }
  const strangers = unknown.filter((song) => {
    const same = inLibrary(song);
    if (same) drop(song, same);
    return same === undefined;
  });
  return { library: known, unknown: strangers, index, dropped };
}
