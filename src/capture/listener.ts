import { instruments } from '../../otel/metrics/instruments';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import { runConnection } from './connection';
import type { Decoders } from './decoder/pool';
import type { CaptureSink } from './types';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const LEAST_WAIT_MS = 250;
/** So much audio makes a connection a good one: the next failure waits briefly again. */
const GOOD_S = 10;

/**
 * Milliseconds until try number `attempt` (from 0): exponential, with full jitter, so that a server that comes back
 * does not meet all its listeners at once.
 */
export function backOff(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 20));
  return Math.max(LEAST_WAIT_MS, Math.round(random() * most));
}

interface ListenerOptions {
  readonly station: { readonly id: number; readonly name: string; readonly url: string };
  readonly decoders: Decoders;
  readonly sink: CaptureSink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
  /** Connects no sooner: the listener before still tells its last events. */
  readonly after?: Promise<void>;
}

/** Listens to one station until it is stopped: connects, and connects again. */
export class Listener {
  private readonly stopping = new AbortController();
  private readonly done: Promise<void>;

  constructor(private readonly options: ListenerOptions) {
    this.done = this.run();
  }

  /** Resolves when the last event has been told. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    const { station, sink, clock, log, random } = this.options;
    const { signal } = this.stopping;
    await this.options.after;
    let attempt = 0;
    while (!signal.aborted) {
      const { fault, heardS } = await runConnection({ ...this.options, signal });
      if (!fault || signal.aborted) return;
      instruments.streamReconnects.add(1, { reason: fault.fault });
      if (heardS >= GOOD_S) attempt = 0;
      const retryInMs = backOff(attempt++, random);
      log.debug(
        {
          station: station.name,
          cause: fault.fault,
          detail: fault.message,
          entendu_s: heardS,
          reprise_ms: retryInMs,
        },
        'Flux interrompu',
      );
      sink.connectFailed({ stationId: station.id, fault: fault.fault, detail: fault.message, retryInMs });
      await clock.sleep(retryInMs, signal).catch(() => undefined);
    }
  }
}
