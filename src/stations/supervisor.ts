import type { Decoders } from '../capture/decoder/pool';
import { Listener } from '../capture/listener';
import type { CaptureSink } from '../capture/types';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import { StationWatch } from './station-watch';
import type { HeardBefore } from './today';
import type { Station, StationStatus } from './types';

interface SupervisorOptions {
  readonly decoders: Decoders;
  /** Gets the events of all stations. */
  readonly sink: CaptureSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called at every change of a station's state or of its reason. Must not throw. */
  readonly onState?: (stationId: number, status: StationStatus) => void;
}

interface Watched {
  station: Station;
  readonly watch: StationWatch;
  listener: Listener | undefined;
  /** The listener before, still telling its last events. */
  leaving: Promise<void>;
}

/** Listens to all stations that are not paused: one listener each. */
export class Supervisor {
  private readonly watched = new Map<number, Watched>();
  private stopped = false;

  constructor(private readonly options: SupervisorOptions) {}

  /**
   * Takes a new or changed station: starts, stops or restarts its listener as it needs.
   * @param before for a station that is new here: what the store knows of today
   */
  apply(station: Station, before?: HeardBefore): void {
    if (this.stopped) return;
    const known = this.watched.get(station.id);
    const entry = known ?? this.added(station, before);
    const sameAir = known !== undefined && known.station.url === station.url;
    entry.station = station;
    if (station.paused) {
      this.leave(entry);
      entry.watch.paused();
    } else if (!entry.listener || !sameAir) {
      this.leave(entry);
      entry.watch.starting();
      this.listen(entry);
    }
  }

  /** Stops listening to a station for good. Resolves when its last events have been told. */
  async remove(stationId: number): Promise<void> {
    const entry = this.watched.get(stationId);
    if (!entry) return;
    this.watched.delete(stationId);
    this.leave(entry);
    await entry.leaving;
  }

  status(stationId: number): StationStatus | undefined {
    return this.watched.get(stationId)?.watch.status();
  }

  statuses(): Map<number, StationStatus> {
    return new Map([...this.watched].map(([id, { watch }]) => [id, watch.status()]));
  }

  /** The stations that are supervised, paused ones too. */
  stations(): Station[] {
    return [...this.watched.values()].map(({ station }) => station);
  }

  /** Stops all listeners. Resolves when the last events have been told. */
  async stop(): Promise<void> {
    this.stopped = true;
    const entries = [...this.watched.values()];
    for (const entry of entries) this.leave(entry);
    await Promise.all(entries.map(({ leaving }) => leaving));
  }

  private added(station: Station, before: HeardBefore | undefined): Watched {
    const { clock, sink, onState } = this.options;
    const tell = (status: StationStatus) => {
      if (!this.stopped && this.watched.has(station.id)) onState?.(station.id, status);
    };
    const watch = new StationWatch(clock, sink, tell, before);
    const entry: Watched = { station, watch, listener: undefined, leaving: Promise.resolve() };
    this.watched.set(station.id, entry);
    if (!station.paused) onState?.(station.id, watch.status());
    return entry;
  }

  private listen(entry: Watched): void {
    const { decoders, clock, log } = this.options;
    const { station, watch, leaving } = entry;
    entry.listener = new Listener({ station, decoders, sink: watch, clock, log, after: leaving });
  }

  private leave(entry: Watched): void {
    if (!entry.listener) return;
    entry.leaving = Promise.all([entry.leaving, entry.listener.stop()]).then(() => undefined);
    entry.listener = undefined;
  }
}
