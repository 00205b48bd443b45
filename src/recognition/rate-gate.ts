import type { Clock } from '../clock';

/**
 * Lets callers through one at a time, at least `spacingMs` apart, in the order they came. With 350 ms there are never
 * more than three in any second, even when the network squeezes their distances a little.
 */
export class RateGate {
  private next = 0;

  constructor(
    private readonly spacingMs: number,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the caller may go; rejects with the signal's reason. */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const at = Math.max(this.clock.now(), this.next);
    this.next = at + this.spacingMs;
    // Timers may fire a millisecond early, and others may have been told to wait longer meanwhile.
    for (let wait = at - this.clock.now(); wait > 0; wait = at - this.clock.now()) {
      await this.clock.sleep(wait, signal);
    }
  }

  /** Nobody new passes before `time` (ms since the epoch): the service asked for a pause. */
  holdUntil(time: number): void {
    this.next = Math.max(this.next, time);
  }
}
