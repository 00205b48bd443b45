/**
 * Time, as a dependency. Everything that waits or stamps takes a `Clock`, so that a simulated programme can be heard
 * faster than real time with every timeout and every timestamp on the same scale.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  now(): number;
  /** Runs `fn` after `ms` milliseconds of this clock; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
  /** Resolves after `ms` milliseconds of this clock; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * A clock that runs `rate` times as fast as the machine's (rate 1 = the machine's).
 * @param anchor the moment, ms since the epoch, at which it agrees with the machine's clock: processes with the same
 *   rate and anchor share one time; 0 or absent: its creation
 */
export function clockAtRate(rate: number, anchor = 0): Clock {
  if (!(rate > 0)) throw new RangeError(`clock rate must be positive, got ${rate}`);
  const origin = anchor > 0 ? anchor : Date.now();
  const after = (ms: number, fn: () => void): (() => void) => {
    const timer = setTimeout(fn, ms / rate);
    return () => clearTimeout(timer);
  };
  return {
    now: () => origin + (Date.now() - origin) * rate,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}

export const systemClock: Clock = clockAtRate(1);
