import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flacFile } from './encode/flac-file';
import type { AudioProvider } from './recorded-audio';
import type { Recording, Repertoire } from './repertoire';

/** A reference recording as a tagged FLAC file, the way an importer meets real ones. */
export function referenceFile(recording: Recording, audio: AudioProvider): Buffer {
  return flacFile(audio.get(recording.key, recording.durationMs), [
    ['TITLE', recording.title],
    ...recording.artists.map((artist) => ['ARTIST', artist] as const),
    ...optional('ALBUM', recording.album),
    ...optional('LABEL', recording.label),
    ['COMMENT', 'Simulateur de SODAV Monitor'],
  ]);
}

const optional = (key: string, value: string | undefined): [string, string][] =>
  value === undefined ? [] : [[key, value]];

/** Writes every track of the repertoire that the library holds to a folder; returns the paths. */
export function writeLibrary(folder: string, repertoire: Repertoire, audio: AudioProvider): string[] {
  mkdirSync(folder, { recursive: true });
  return repertoire.tracks.map((recording) => {
    const path = join(folder, `${recording.key}.flac`);
    writeFileSync(path, referenceFile(recording, audio));
    return path;
  });
}
