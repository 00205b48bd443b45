import type { Stretch } from '../truth';

export const FAULTS = [
  'drop',
  'end',
  'stall',
  'garbage',
  'silence',
  'http_error',
  'html',
  'redirect_loop',
] as const;
/**
 * `drop`: listeners are cut off and nobody gets through; `end`: every stream ends politely as soon as it began; `stall`: connections stay and carry nothing; `garbage`: bytes
 * that are not audio; `silence`: audio of nothing; `http_error`: 503; `html`: a page; `redirect_loop`: 302 to itself.
 */
export type Fault = (typeof FAULTS)[number];

/** What was asked to go wrong with one station, when. Times are ms since the epoch, on the air. */
export class FaultLog {
  private readonly past: (Stretch & { readonly fault: Fault })[] = [];

  /** From now on for `seconds`; replaces what is going on. 0 seconds ends it. */
  begin(fault: Fault, now: number, seconds: number): void {
    const last = this.past.at(-1);
    if (last !== undefined && last.to > now) this.past[this.past.length - 1] = { ...last, to: now };
    if (seconds > 0) this.past.push({ fault, from: now, to: now + seconds * 1_000 });
    if (this.past.length > 1_000) this.past.shift();
  }

  at(now: number): Fault | undefined {
    const last = this.past.at(-1);
    return last !== undefined && now >= last.from && now < last.to ? last.fault : undefined;
  }

  /** All of them, also what is still to come of the present one. */
  stretches(): readonly (Stretch & { readonly fault: Fault })[] {
    return this.past;
  }
}
