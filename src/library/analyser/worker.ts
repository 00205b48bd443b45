/**
 * A process that reads audio files: their bytes' hash, their tags, their fingerprint. Decoders are native code and the
 * files come from anywhere: what crashes here costs one file.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setPriority } from 'node:os';
import { decodeFile } from '../../capture/decode-file';
import { AppError } from '../../errors';
import { fingerprintOf, unpackFingerprint } from '../../recognition/local/fingerprint';
import type { Analysed, Answer, Hashed, Task } from './messages';

async function hash(path: string): Promise<Hashed> {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    digest.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: digest.digest('hex'), bytes };
}

function analyse(path: string): Analysed {
  const { samples, durationS, tags, codec } = decodeFile(path);
  const fingerprint = fingerprintOf(samples);
  if (unpackFingerprint(fingerprint).words.length === 0) {
    throw new AppError('unreadable_audio', 422, {
      fr: 'Fichier audio sans musique : rien que du silence.',
      en: 'Audio file without music: nothing but silence.',
    });
  }
  return { durationS, tags, codec, fingerprint };
}

/** Says what the system refused, without showing more than that. */
function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const known: Record<string, [fr: string, en: string]> = {
    ENOENT: ["le fichier n'existe plus", 'the file is gone'],
    EACCES: ['lecture interdite', 'permission denied'],
    EPERM: ['lecture interdite', 'permission denied'],
    EISDIR: ["c'est un dossier", 'it is a folder'],
    EIO: ['erreur du disque', 'disk error'],
  };
  const [fr, en] = known[code ?? ''] ?? ['lecture impossible', 'it cannot be read'];
  return new AppError('unreadable_file', 422, {
    fr: `Fichier illisible : ${fr}.`,
    en: `Unreadable file: ${en}.`,
  });
}

async function run({ id, kind, path }: Task): Promise<void> {
  let answer: Answer;
  try {
    answer = { id, result: kind === 'hash' ? await hash(path) : analyse(path) };
  } catch (error) {
    const { code, status, phrase } = asAppError(error);
    answer = { id, error: { code, status, phrase } };
  }
  process.send?.(answer);
}

// The parent is gone, however it went: nobody waits for the answer.
process.on('disconnect', () => process.exit(0));
// Ctrl-C on a terminal reaches the whole group; the parent decides when to end.
process.on('SIGINT', () => undefined);
process.on('message', (task: Task) => void run(task));
try {
  // Listening to stations comes first.
  setPriority(10);
} catch {
  // Not allowed here: then it runs like everything else.
}
