import type { Client } from 'pg';
import type { Clock } from '../clock';

/** Aborted when the connection is over, with the reason. */
export function endOf(client: Client): AbortSignal {
  const over = new AbortController();
  client.on('error', (error) => over.abort(error));
  client.on('end', () => over.abort(new Error('connection closed')));
  return over.signal;
}

/**
 * As `work`, but rejects with the signal's reason as soon as that is aborted. Leaves nothing behind at the signal: a promise
 * that lasts as long as the connection would keep every result that ever raced with it.
 */
export async function unless<T>(over: AbortSignal, work: Promise<T>): Promise<T> {
  let refuse: () => void = () => undefined;
  const refused = new Promise<never>((_, reject) => {
    refuse = () => reject(over.reason);
    if (over.aborted) refuse();
    else over.addEventListener('abort', refuse, { once: true });
  });
  try {
    return await Promise.race([refused, work]);
  } finally {
    over.removeEventListener('abort', refuse);
  }
}

/** Asks a connection that says nothing for a sign of life now and then: rejects when it is over, ends when not wanted any more. */
export async function pulse(
  client: Client,
  options: {
    readonly over: AbortSignal;
    readonly wanted: AbortSignal;
    readonly everyMs: number;
    clock: Clock;
  },
): Promise<void> {
  const { over, wanted, everyMs, clock } = options;
  while (!wanted.aborted) {
    await unless(
      over,
      clock.sleep(everyMs, wanted).catch(() => undefined),
    );
    if (!wanted.aborted) await unless(over, client.query('SELECT 1'));
  }
}
