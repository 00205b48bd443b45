import type { Clock } from '../clock';

/**
 * Lets callers through one at a time, at least `spacingMs` apart, in the order they came. With 350 ms there are never
 * more than three in any second, even when the network squeezes their distances a little. Distances are counted from
 * when a caller really passed: after a moment in which this process did not get to run, those who wait do not all go
 * at once.
 */
export class RateGate {
  private next = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly spacingMs: number,
    private readonly clock: Clock,
  ) {}

  /** Resolves when the caller may go; rejects with the signal's reason. */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const before = this.last;
    let leave: () => void = () => undefined;
    this.last = new Promise((resolve) => {
      leave = resolve;
    });
    try {
      await unlessAborted(before, signal);
      // Timers may fire a millisecond early, and we may have been told to wait longer meanwhile.
      for (let wait = this.left(); wait > 0; wait = this.left()) await this.clock.sleep(wait, signal);
      this.next = this.clock.now() + this.spacingMs;
    } finally {
      // Who gives up must not let the next one past those who came before both.
      void before.then(leave);
    }
  }

  /** Nobody passes before `time` (ms since the epoch): the service asked for a pause. */
  holdUntil(time: number): void {
    this.next = Math.max(this.next, time);
  }

  private left(): number {
    return this.next - this.clock.now();
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  let refuse: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    refuse = () => reject(signal.reason);
    signal.addEventListener('abort', refuse, { once: true });
  });
  await Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', refuse));
}
