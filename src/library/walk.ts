import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** Names of audio files end in one of these. */
const AUDIO = new Set(
  `mp3 mp2 mpga aac m4a m4b mp4 ogg oga opus flac wav wave w64 aif aiff aifc wma mka webm ac3 eac3 ape wv mpc tta tak caf
   au amr dsf`.split(/\s+/),
);

export interface AudioFile {
  readonly path: string;
  readonly bytes: number;
}

export interface Listing {
  /** By path. */
  readonly files: readonly AudioFile[];
  /** Files that are no audio by their name. */
  readonly others: number;
  /** Folders and files that could not be looked at, with the system's code. */
  readonly problems: readonly { readonly path: string; readonly reason: string }[];
}

/** All audio files below a folder, or the one file; links are followed, a circle of them only once. */
export async function listAudio(start: string): Promise<Listing> {
  const files: AudioFile[] = [];
  const problems: { path: string; reason: string }[] = [];
  const seen = new Set<string>();
  let others = 0;

  async function visit(path: string, top: boolean): Promise<void> {
    try {
      const info = await stat(path);
      if (info.isDirectory()) {
        const real = await realpath(path);
        if (seen.has(real)) return;
        seen.add(real);
        for (const name of (await readdir(path)).sort()) {
          // Files that a system hides (« ._x.mp3 » of macOS) are none of the user's.
          if (!name.startsWith('.')) await visit(join(path, name), false);
        }
      } else if (info.isFile() && (top || AUDIO.has(extname(path).slice(1).toLowerCase()))) {
        files.push({ path, bytes: info.size });
      } else others++;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reasons: Record<string, string> = { ENOENT: 'introuvable', EACCES: 'lecture interdite' };
      problems.push({ path, reason: reasons[code ?? ''] ?? `lecture impossible (${code})` });
    }
  }
  await visit(start, true);
  return { files, others, problems };
}
