import type { Clock } from '../clock';
import { AppError } from '../errors';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A play that is not there may still wait on disk for the database; not for ever. About three minutes. */
const TRIES_IF_MISSING = 10;

/**
 * Writes, and again with growing pauses until it works: an answer that was paid for is not lost to a database's nap. Ends
 * as well when the write is refused for what it is.
 * @throws the write's error when `stopping`, the signal's reason when aborted
 */
export async function untilWritten(
  write: () => Promise<void> | void,
  options: {
    clock: Clock;
    signal: AbortSignal;
    stopping(): boolean;
    onFailure(error: unknown, refused: boolean): void;
  },
): Promise<void> {
  for (let tries = 1, wait = FIRST_WAIT_MS; ; tries++, wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      await write();
      return;
    } catch (error) {
      const refused = isRefusal(error, tries);
      options.onFailure(error, refused);
      if (refused) return;
      if (options.stopping()) throw error;
      await options.clock.sleep(wait, options.signal);
    }
  }
}

/** Errors that come again however often the same is written: the play is not unknown any more, a value is not allowed. */
function isRefusal(error: unknown, tries: number): boolean {
  if (error instanceof AppError) {
    return error.status < 500 && (error.status !== 404 || tries >= TRIES_IF_MISSING);
  }
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(22|23|42)[0-9A-Z]{3}$/.test(code);
}
