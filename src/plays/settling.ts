import type { Clock } from '../clock';

/** Calls that are made once nothing has changed about their play for a while; another one for the same play replaces it. */
export class Settling {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #cancels = new Map<string, () => void>();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  call(playId: string, fn: () => void): void {
    this.forget(playId);
    const cancel = this.#clock.after(this.#ms, () => {
      this.#cancels.delete(playId);
      fn();
    });
    this.#cancels.set(playId, cancel);
  }

  waits(playId: string): boolean {
    return this.#cancels.has(playId);
  }

  forget(playId: string): void {
    this.#cancels.get(playId)?.();
    this.#cancels.delete(playId);
  }

  stop(): void {
    for (const playId of this.#cancels.keys()) this.forget(playId);
  }
}
