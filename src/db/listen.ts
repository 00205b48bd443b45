import type { Knex } from 'knex';
import type { Client } from 'pg';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import { endOf, pulse } from './pulse';

/** Milliseconds between tries to get the connection back, the last one again and again. */
const RETRIES_MS = [500, 1_000, 2_000, 5_000, 10_000];

/** A connection that says nothing is asked for a sign of life this often, ms. */
const PULSE_MS = 30_000;

/** The least that a log must do here. */
type Log = Pick<Logger, 'warn' | 'info'>;

/**
 * Listens to a channel of PostgreSQL's NOTIFY on a connection of its own, and gets that back for as long as it is asked
 * to. What was said in the meantime is not repeated: `onConnected` is called after every (re)connect, to look for oneself.
 * @returns stops listening
 */
export function listen(options: {
  readonly knex: Knex;
  /** A name of ours, `[a-z_]+`. */
  readonly channel: string;
  readonly clock: Clock;
  readonly log: Log;
  onNotify(payload: string): void;
  onConnected(): void;
}): () => Promise<void> {
  const { knex, channel, clock, log } = options;
  if (!/^[a-z_]+$/.test(channel)) throw new RangeError(`not a channel: ${channel}`);
  const stopped = new AbortController();
  const finished = (async () => {
    for (let failures = 0; !stopped.signal.aborted; ) {
      try {
        await session(() => {
          if (failures > 0) log.info({ channel }, 'Base de données : écoute des changements rétablie');
          failures = 0;
          options.onConnected();
        });
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (failures === 0)
          log.warn({ channel, err: error }, 'Base de données : écoute des changements perdue');
        const wait = RETRIES_MS[Math.min(failures++, RETRIES_MS.length - 1)]!;
        await clock.sleep(wait, stopped.signal).catch(() => undefined);
      }
    }
  })();

  /** One connection, until it breaks (rejects) or is no longer wanted (resolves). */
  async function session(connected: () => void): Promise<void> {
    const client = (await knex.client.acquireRawConnection()) as Client;
    try {
      const over = endOf(client);
      client.on('notification', ({ payload }) => options.onNotify(payload ?? ''));
      await client.query(`LISTEN ${channel}`);
      connected();
      await pulse(client, { over, wanted: stopped.signal, everyMs: PULSE_MS, clock });
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  return async () => {
    stopped.abort(new Error('stopped'));
    await finished;
  };
}
