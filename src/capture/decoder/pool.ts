import { instruments } from '../../../otel/metrics/instruments';
import { type Clock, systemClock } from '../../clock';
import type { Logger } from '../../log';
import { Shard } from './shard';
import type { DecoderEvents, DecoderStream } from './stream';
import { Suspects } from './suspects';

export type { DecoderEvents, DecoderStream } from './stream';

/** What opens decoders: the pool, seen from a station's listener. */
export interface Decoders {
  /** `key` is whose stream it is. */
  open(events: DecoderEvents, key: string): DecoderStream;
}

/**
 * The decoder processes. Native code decodes what strangers send: a crash costs the stations of one process a
 * reconnect, and nothing else. A stream over which processes died again and again gets one apart from the others.
 */
export class DecoderPool implements Decoders {
  private readonly shards: Shard[];
  private apart: Shard | undefined;
  private readonly suspects: Suspects;
  private crashed = 0;

  /** `processes`: 1–64. `clock` times the restarts. */
  constructor(private readonly options: { processes: number; log: Logger; clock?: Clock }) {
    this.suspects = new Suspects(options.clock ?? systemClock);
    this.shards = Array.from({ length: options.processes }, (_, i) => this.started(i + 1));
  }

  /** Decoder processes that died unasked since the start. */
  get crashes(): number {
    return this.crashed;
  }

  /** Opens a stream in the process that holds the fewest. `key` is whose stream it is. */
  open(events: DecoderEvents, key: string): DecoderStream {
    if (this.suspects.suspected(key)) {
      this.apart ??= this.started(this.shards.length + 1);
      return this.apart.open(events, key);
    }
    const living = this.shards.filter(({ alive }) => alive);
    const [least] = (living.length > 0 ? living : this.shards).toSorted((a, b) => a.load - b.load);
    return least!.open(events, key);
  }

  /** Process ids of the living decoders, for the memory and CPU figures. */
  pids(): number[] {
    return this.all().flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Ends all processes; open streams are not told. */
  async stop(): Promise<void> {
    await Promise.all(this.all().map((shard) => shard.stop()));
  }

  private all(): Shard[] {
    return this.apart ? [...this.shards, this.apart] : this.shards;
  }

  private started(number: number): Shard {
    const { log, clock = systemClock } = this.options;
    const onCrash = (busy: readonly string[]) => {
      this.crashed++;
      this.suspects.crashed(busy);
      instruments.decoderRestarts.add(1);
    };
    return new Shard({ number, clock, log, onCrash });
  }
}
