import { type Clock, systemClock } from '../clock';

/** What may still be spent on a paid service. */
export interface Budget {
  /** Takes one request; false when none is left today (UTC). */
  take(): Promise<boolean>;
  /** Requests left today (UTC). */
  remaining(): Promise<number>;
}

/** As much of knex as is needed: this room knows no database. */
export interface Sql {
  raw(
    sql: string,
    bindings: readonly (string | number | Buffer)[],
  ): PromiseLike<{ rows: Record<string, unknown>[] }>;
}

/** A daily budget in the table `api_budget`: it survives restarts and is shared by processes. */
export class DailyBudget implements Budget {
  constructor(
    private readonly sql: Sql,
    private readonly api: string,
    /** Requests a day (UTC); 0 = none. */
    readonly perDay: number,
    private readonly clock: Clock = systemClock,
  ) {}

  async take(): Promise<boolean> {
    if (this.perDay <= 0) return false;
    const { rows } = await this.sql.raw(
      `INSERT INTO api_budget (api, day, spent) VALUES (?, ?::date, 1)
       ON CONFLICT (api, day) DO UPDATE SET spent = api_budget.spent + 1 WHERE api_budget.spent < ?
       RETURNING spent`,
      [this.api, utcDay(this.clock.now()), this.perDay],
    );
    return rows.length === 1;
  }

  async remaining(): Promise<number> {
    const { rows } = await this.sql.raw('SELECT spent FROM api_budget WHERE api = ? AND day = ?::date', [
      this.api,
      utcDay(this.clock.now()),
    ]);
    return Math.max(0, this.perDay - Number(rows[0]?.spent ?? 0));
  }
}

function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Midnight UTC after `time`, both ms since the epoch. */
export function nextUtcDay(time: number): number {
  const day = 86_400_000;
  return (Math.floor(time / day) + 1) * day;
}
