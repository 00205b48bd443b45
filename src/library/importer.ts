import { basename } from 'node:path';
import { instruments } from '../../otel/metrics/instruments';
import { AppError } from '../errors';
import type { Logger } from '../log';
import type { Fingerprint } from '../recognition/local/fingerprint';
import type { Analysed, Hashed } from './analyser/messages';
import type { LibraryStore } from './store';
import { readTags } from './tags';
import type { Added } from './types';

/** Who reads the files: `AnalyserPool`. */
export interface Analyser {
  hash(path: string): Promise<Hashed>;
  analyse(path: string): Promise<Analysed>;
}

/** Who knows what sounds the same. */
export interface DuplicateFinder {
  /** The recording of the library that has the same audio, or most of it. */
  find(fingerprint: Fingerprint): Promise<Likeness | undefined>;
  /** A recording was added: from now on it is found. */
  added(trackId: number, fingerprint: Fingerprint): void | Promise<void>;
}

/** A recording of the library with the same audio. */
export interface Likeness {
  readonly trackId: number;
  /** Second of the new recording at which the known one begins. */
  readonly offsetS: number;
}

/**
 * `imported`: a new track; `duplicate`: a new track that is the same recording as another, or a file more of a known
 * one; `known`: these bytes were imported before; `refreshed`: they were, and have got a fingerprint of the new version.
 */
export type ImportStatus = 'imported' | 'duplicate' | 'known' | 'refreshed';

export interface Imported extends Added {
  readonly status: ImportStatus;
  readonly title: string | undefined;
  /** Seconds of audio that were read now. */
  readonly audioS: number;
  /** What could not be used of its tags, in French. */
  readonly warnings: readonly string[];
}

/** Brings audio files into the library, each once. */
export class Importer {
  /** Files with the same bytes at the same moment: the second waits for the first. */
  private readonly underway = new Map<string, Promise<unknown>>();
  /** Looking for a duplicate and adding is one step: two copies that arrive together must see each other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: {
      readonly store: LibraryStore;
      readonly analyser: Analyser;
      /** Version of the fingerprints that the analyser makes. */
      readonly version: number;
      readonly duplicates?: DuplicateFinder;
      /** Told of refused files; the command lists them itself. */
      readonly log?: Pick<Logger, 'warn'>;
    },
  ) {}

  /**
   * Imports one file.
   * @param path a file on this machine
   * @param originalName the name it had where it comes from, when `path` is a temporary one
   * @throws AppError `unreadable_audio`, `unreadable_file` (422), `isrc_conflict` (409)
   */
  async importFile(
    path: string,
    { originalName, source }: { readonly originalName?: string; readonly source: 'import' | 'upload' },
  ): Promise<Imported> {
    try {
      const imported = await this.importOnce(path, originalName, source);
      const status = imported.status === 'imported' ? 'imported' : 'duplicate';
      if (imported.status !== 'refreshed') instruments.importedFiles.add(1, { status });
      return imported;
    } catch (error) {
      // An ISRC of another recording is counted as well: the file as it is cannot be taken.
      if (error instanceof AppError && error.status < 500) {
        instruments.importedFiles.add(1, { status: 'unreadable' });
        const file = originalName ?? path;
        this.options.log?.warn(
          { file, code: error.code },
          `Fichier de référence refusé : ${error.phrase.fr}`,
        );
      }
      throw error;
    }
  }

  private async importOnce(
    path: string,
    originalName: string | undefined,
    source: 'import' | 'upload',
  ): Promise<Imported> {
    const hashed = await this.options.analyser.hash(path);
    const { sha256 } = hashed;
    for (let other = this.underway.get(sha256); other; other = this.underway.get(sha256)) {
      await other.catch(() => undefined);
    }
    const work = this.importHashed(path, originalName, source, hashed);
    this.underway.set(sha256, work);
    try {
      return await work;
    } finally {
      this.underway.delete(sha256);
    }
  }

  private async importHashed(
    path: string,
    originalName: string | undefined,
    source: 'import' | 'upload',
    hashed: Hashed,
  ): Promise<Imported> {
    const { store, analyser, version } = this.options;
    const known = await store.knownFile(hashed.sha256, version);
    if (known?.fingerprinted) {
      return { trackId: known.trackId, created: false, status: 'known', ...NOTHING_READ };
    }
    const { tags, durationS, fingerprint } = await analyser.analyse(path);
    if (known) {
      await store.addFingerprint(known.trackId, fingerprint);
      return {
        trackId: known.trackId,
        created: false,
        status: 'refreshed',
        ...NOTHING_READ,
        audioS: durationS,
      };
    }
    const { warnings, ...recording } = readTags(tags, originalName ?? path);
    const file = { ...hashed, path: originalName === undefined ? path : basename(originalName) };
    const notes = [...warnings];
    const added = await this.inTurn(async () => {
      const likeness = await this.options.duplicates?.find(fingerprint);
      const known = likeness && (await store.heardAs(likeness.trackId, version));
      const same = likeness && known && isSameRecording(likeness, durationS, known);
      if (likeness && known && !same) {
        notes.push(
          `même musique que le n° ${likeness.trackId}, d'une autre longueur : gardé comme autre version`,
        );
      }
      const result = await store.addRecording({
        ...{ ...recording, durationS, source, fingerprint, file },
        ...(same ? { sameAs: likeness.trackId } : {}),
      });
      if (result.created && result.duplicateOf === undefined) {
        await this.options.duplicates?.added(result.trackId, fingerprint);
      }
      return result;
    });
    const status = added.created && added.duplicateOf === undefined ? 'imported' : 'duplicate';
    return { ...added, status, title: recording.title, audioS: durationS, warnings: notes };
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

const NOTHING_READ = { title: undefined, audioS: 0, warnings: [] } as const;

/**
 * The same audio from the same start and of the same length is the same recording. Another length is another edit, a
 * medley, a live set: a work of its own right, or with more in it. What was only heard on the air is a part by nature.
 */
function isSameRecording(
  { offsetS }: Likeness,
  durationS: number,
  known: { readonly durationS: number; readonly fromAir: boolean },
): boolean {
  if (known.fromAir) return true;
  const apart = Math.abs(durationS - known.durationS);
  return Math.abs(offsetS) <= 5 && apart <= Math.max(10, 0.1 * Math.max(durationS, known.durationS));
}
