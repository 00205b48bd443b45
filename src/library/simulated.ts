import { basename } from 'node:path';
import { FINGERPRINT_VERSION } from '../recognition/local/params';
import type { AnalyserPool } from './analyser/pool';
import type { LibraryStore } from './store';
import { readTags } from './tags';

/** Takes the simulator's recordings into the library, each once, marked as simulated. */
export async function importSimulated(
  files: readonly string[],
  { library, analyser }: { readonly library: LibraryStore; readonly analyser: AnalyserPool },
): Promise<void> {
  await Promise.all(
    files.map(async (path) => {
      const file = await analyser.hash(path);
      const known = await library.knownFile(file.sha256, FINGERPRINT_VERSION);
      if (known?.fingerprinted) return;
      const { tags, durationS, fingerprint } = await analyser.analyse(path);
      if (known) return library.addFingerprint(known.trackId, fingerprint);
      const { title, artists, album, label } = readTags(tags, basename(path));
      await library.addRecording({
        ...{ title, artists, durationS, fingerprint, source: 'simulator', simulated: true },
        ...(album === undefined ? {} : { album }),
        ...(label === undefined ? {} : { label }),
        file: { sha256: file.sha256, path, bytes: file.bytes },
      });
    }),
  );
}
