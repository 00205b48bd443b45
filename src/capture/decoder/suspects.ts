import type { Clock } from '../../clock';

/** Crashes within so long are held against a stream, ms. */
const REMEMBERED_MS = 10 * 60_000;
/** So many make a stream a danger to its neighbours. */
const TOO_MANY = 2;
/** With more streams in the dead process's hands nobody can say which one it was. */
const MOST_BUSY = 3;

/** Remembers whose bytes a decoder died over, so that one station's broken stream does not cut fifty others for ever. */
export class Suspects {
  private readonly crashes = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** A process died while it held bytes of these streams. */
  crashed(busy: readonly string[]): void {
    if (busy.length > MOST_BUSY) return;
    for (const key of busy) this.crashes.set(key, [...this.recent(key), this.clock.now()]);
  }

  /** Should this stream be decoded apart from the others? */
  suspected(key: string): boolean {
    return this.recent(key).length >= TOO_MANY;
  }

  private recent(key: string): number[] {
    const recent = (this.crashes.get(key) ?? []).filter((at) => this.clock.now() - at < REMEMBERED_MS);
    if (recent.length === 0) this.crashes.delete(key);
    return recent;
  }
}
