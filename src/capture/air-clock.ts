import { SAMPLE_RATE } from '../audio';

const BUCKET_MS = 30_000;
const BUCKETS = 20;

/**
 * When sample 0 of a session was on the air. A sample cannot have come before it was aired, so each arrival bounds the
 * answer from above; the smallest bound is the least delayed arrival. Bounds older than ten minutes are forgotten:
 * the station's clock is not ours, and a day of drift would be seconds.
 *
 * What stays unknown is the delay between the studio and the server: it is the same for the whole session.
 */
export class AirClock {
  private buckets: { start: number; least: number }[] = [];

  /** `samples`: the session's samples that have arrived in all; `now`: ms since the epoch. Gives sample 0's time, ms. */
  arrived(samples: number, now: number): number {
    const bound = now - (samples / SAMPLE_RATE) * 1000;
    const last = this.buckets.at(-1);
    if (last && now - last.start < BUCKET_MS) last.least = Math.min(last.least, bound);
    else this.buckets.push({ start: now, least: bound });
    if (this.buckets.length > BUCKETS) this.buckets.shift();
    return Math.min(...this.buckets.map(({ least }) => least));
  }
}
