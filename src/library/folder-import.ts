import { AppError } from '../errors';
import type { Importer, ImportStatus } from './importer';
import type { AudioFile } from './walk';

export interface Problem {
  readonly path: string;
  /** In French. */
  readonly reason: string;
}

/** How far an import is. Counts are of files. */
export interface ImportProgress {
  readonly total: number;
  readonly totalBytes: number;
  done: number;
  doneBytes: number;
  /** Seconds of audio read. */
  audioS: number;
  readonly counts: Record<ImportStatus, number>;
  readonly problems: Problem[];
  readonly warnings: Problem[];
  /** New tracks that sound like another one, with that one's number. */
  readonly twins: { readonly path: string; readonly trackId: number; readonly duplicateOf: number }[];
}

/**
 * Imports files, several at a time. A file that cannot be imported is noted and the next one taken; a failure that is
 * not the file's (the database is gone) ends everything.
 * @param parallel files at a time
 * @param signal no further file is begun; those begun are finished
 */
export async function importFiles(options: {
  readonly files: readonly AudioFile[];
  readonly importer: Pick<Importer, 'importFile'>;
  readonly parallel: number;
  readonly signal?: AbortSignal;
  onProgress?(progress: ImportProgress): void;
}): Promise<ImportProgress> {
  const { files, importer, signal } = options;
  const progress: ImportProgress = {
    ...{ total: files.length, totalBytes: files.reduce((sum, { bytes }) => sum + bytes, 0) },
    ...{ done: 0, doneBytes: 0, audioS: 0, problems: [], warnings: [], twins: [] },
    counts: { imported: 0, duplicate: 0, known: 0, refreshed: 0 },
  };
  let next = 0;
  let failed = false;

  async function work(): Promise<void> {
    while (!failed && !signal?.aborted) {
      const file = files[next++];
      if (!file) return;
      try {
        await one(file);
      } catch (error) {
        failed = true;
        throw error;
      }
      progress.done++;
      progress.doneBytes += file.bytes;
      options.onProgress?.(progress);
    }
  }

  async function one({ path }: AudioFile): Promise<void> {
    try {
      const result = await importer.importFile(path, { source: 'import' });
      progress.counts[result.status]++;
      progress.audioS += result.audioS;
      for (const reason of result.warnings) progress.warnings.push({ path, reason });
      if (result.created && result.duplicateOf !== undefined) {
        progress.twins.push({ path, trackId: result.trackId, duplicateOf: result.duplicateOf });
      }
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      progress.problems.push({ path, reason: error.phrase.fr });
    }
  }

  const workers = Array.from({ length: Math.max(1, options.parallel) }, work);
  const ended = await Promise.allSettled(workers);
  const failure = ended.find((end) => end.status === 'rejected');
  if (failure) throw failure.reason;
  return progress;
}
