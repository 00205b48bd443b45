import { v7 } from 'uuid';

/** A play's id: unique, and in the order of the plays' starts (ms since the epoch). */
export function newPlayId(startedAt: number): string {
  return v7({ msecs: startedAt });
}
