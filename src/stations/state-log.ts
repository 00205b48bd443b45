import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { StationStore } from './store';
import type { StationState } from './types';

/** Changes that wait for the database at most; beyond it the oldest are given up, and said so. */
const LONGEST_QUEUE = 50_000;

/** How often what is being heard is confirmed, ms: what a killed service loses of its coverage. */
const CONFIRM_MS = 30_000;

/** How long the database is left alone after a failure, ms. */
const AGAIN_MS = 3_000;

interface Change {
  readonly stationId: number;
  readonly state: StationState;
  readonly reason: string;
  readonly since: number;
}

/** Writes the changes of the stations' states, in their order, also those that happen while the database is away. */
export class StationStateLog {
  private readonly queue: Change[] = [];
  private readonly heard = new Set<number>();
  private writing: Promise<void> | undefined;
  private lost = 0;
  private stopped = false;
  private cancelConfirm: () => void = () => undefined;
  private cancelAgain: (() => void) | undefined;

  constructor(
    private readonly options: {
      readonly store: Pick<StationStore, 'recordState' | 'confirmHeard'>;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.confirmLater();
  }

  /**
   * Never throws and never waits.
   * @param since ms since the epoch
   */
  record(stationId: number, state: StationState, reason: string, since: number): void {
    if (state === 'listening' || state === 'silent') this.heard.add(stationId);
    else this.heard.delete(stationId);
    this.queue.push({ stationId, state, reason, since });
    if (this.queue.length > LONGEST_QUEUE) {
      this.queue.shift();
      this.lost++;
    }
    this.write();
  }

  /** A station that is listened to no more. */
  forget(stationId: number): void {
    this.heard.delete(stationId);
  }

  /** Changes that are not written yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Confirms what was heard until now and writes what waits, as far as the database lets it. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelConfirm();
    this.cancelAgain?.();
    await this.writing;
    await this.writeAll().catch(() => undefined);
  }

  private write(): void {
    if (this.writing || this.cancelAgain || this.stopped) return;
    this.writing = this.writeAll()
      .catch((error) => {
        const { log, clock } = this.options;
        log.warn(
          { err: error, waiting: this.queue.length },
          'États des stations : écriture remise à plus tard',
        );
        this.cancelAgain = clock.after(AGAIN_MS, () => {
          this.cancelAgain = undefined;
          this.write();
        });
      })
      .finally(() => {
        this.writing = undefined;
        if (this.queue.length > 0) this.write();
      });
  }

  private async writeAll(): Promise<void> {
    const { store, log, clock } = this.options;
    for (;;) {
      const change = this.queue[0];
      if (!change) break;
      await store.recordState(change.stationId, change.state, change.reason, change.since);
      // It may have been given up in the meantime.
      if (this.queue[0] === change) this.queue.shift();
    }
    if (this.lost > 0) {
      log.error({ lost: this.lost }, 'États des stations : changements perdus, base trop longtemps absente');
      this.lost = 0;
    }
    await store.confirmHeard([...this.heard], clock.now());
  }

  private confirmLater(): void {
    this.cancelConfirm = this.options.clock.after(CONFIRM_MS, () => {
      this.write();
      this.confirmLater();
    });
  }
}
