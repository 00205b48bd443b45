import { instruments } from '../../../otel/metrics/instruments';
import { type Clock, systemClock } from '../../clock';
import type { Logger } from '../../log';
import { Shard } from './shard';
import type { DecoderEvents, DecoderStream } from './stream';

export type { DecoderEvents, DecoderStream } from './stream';

/** What opens decoders: the pool, seen from a station's listener. */
export interface Decoders {
  open(events: DecoderEvents): DecoderStream;
}

/**
 * The decoder processes. Native code decodes what strangers send: a crash costs the stations of one process a
 * reconnect, and nothing else.
 */
export class DecoderPool implements Decoders {
  private readonly shards: Shard[];
  private crashed = 0;

  /** `processes`: 1–64. `clock` times the restarts. */
  constructor(options: { processes: number; log: Logger; clock?: Clock }) {
    const { processes, log, clock = systemClock } = options;
    this.shards = Array.from(
      { length: processes },
      (_, i) =>
        new Shard({
          number: i + 1,
          clock,
          log,
          onCrash: () => {
            this.crashed++;
            instruments.decoderRestarts.add(1);
          },
        }),
    );
  }

  /** Decoder processes that died unasked since the start. */
  get crashes(): number {
    return this.crashed;
  }

  /** Opens a stream in the process that holds the fewest. */
  open(events: DecoderEvents): DecoderStream {
    const living = this.shards.filter(({ alive }) => alive);
    const [least] = (living.length > 0 ? living : this.shards).toSorted((a, b) => a.load - b.load);
    return least!.open(events);
  }

  /** Process ids of the living decoders, for the memory and CPU figures. */
  pids(): number[] {
    return this.shards.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Ends all processes; open streams are not told. */
  async stop(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.stop()));
  }
}
