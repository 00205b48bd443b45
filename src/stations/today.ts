const DAY_MS = 86_400_000;

/** What is known of today from before this process: as the store keeps it. */
export interface HeardBefore {
  readonly heardS: number;
  /** Seconds since midnight UTC, or since the station was added. */
  readonly elapsedS: number;
}

/** What one station did since midnight UTC, or since it was added. */
export class Today {
  private day: number;
  private from: number;
  private heardS = 0;
  private reconnects = 0;

  /** `now`: ms since the epoch. Without `before` the station counts from now on. */
  constructor(now: number, before?: HeardBefore) {
    this.day = Math.floor(now / DAY_MS);
    this.from = now - (before?.elapsedS ?? 0) * 1000;
    this.heardS = before?.heardS ?? 0;
  }

  /** Seconds of audio that came, sound or silence. */
  heard(seconds: number, now: number): void {
    this.turn(now);
    this.heardS += seconds;
  }

  reconnected(now: number): void {
    this.turn(now);
    this.reconnects++;
  }

  reconnectsToday(now: number): number {
    this.turn(now);
    return this.reconnects;
  }

  /** Share of the day that was heard, 0–1; absent in the first second. */
  coverage(now: number): number | undefined {
    this.turn(now);
    const elapsedS = (now - this.from) / 1000;
    // A burst on connect is air of before we listened: the share is of what was aired since.
    return elapsedS < 1 ? undefined : Math.min(1, this.heardS / elapsedS);
  }

  private turn(now: number): void {
    const day = Math.floor(now / DAY_MS);
    if (day === this.day) return;
    [this.day, this.from, this.heardS, this.reconnects] = [day, day * DAY_MS, 0, 0];
  }
}
