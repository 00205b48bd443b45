import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Knex } from 'knex';
import type { Client } from 'pg';
import type { Clock } from '../clock';
import { endOf, pulse, unless } from '../db/pulse';
import type { Logger } from '../log';

/** The advisory lock, two numbers that only we use. */
const LOCK = [0x50da, 1] as const;
const FREED = 'listening_freed';

/** How often who waits looks whether the right is free, and how soon a lost connection is made again, ms. */
const LOOK_MS = 1_000;
/** How often who has the right makes sure of its connection, ms. */
const PULSE_MS = 5_000;
/**
 * How long the right must have been free before another takes it, ms: who had it may have lost only its connection and
 * goes on listening. Longer after the database itself was away, when all connect again.
 */
const PATIENCE_MS = { usual: 3_000, afterOutage: 15_000 } as const;

/** The server notices within half a minute that a machine which had the right is gone without a word. */
const KEEPALIVE =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3';

interface RightOptions {
  readonly knex: Knex;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Another process has the right now: this one must stop listening. Called once at most; must not throw. */
  onLost(): void;
}

/**
 * The right to listen to the stations, which one process per database has: several copies of the service answer the
 * API, one of them listens, and the next takes over when it ends. Two listeners would log every play twice.
 *
 * It is an advisory lock of a database session, so that it ends with its process. A listener that loses its connection
 * listens on, its plays wait in their journal, and it takes the right again before the others may.
 */
export class ListeningRight {
  /** Shown by PostgreSQL as the session's name, so that everybody can see who listens. */
  readonly name = `sodav-ecoute ${hostname().slice(0, 20)}:${process.pid} ${randomUUID().slice(0, 8)}`;
  private readonly stopping = new AbortController();
  private readonly finished: Promise<void>;
  private taken!: () => void;
  private readonly first: Promise<void>;
  private held = false;
  private sessions = 0;
  private waitingTold = false;

  constructor(private readonly options: RightOptions) {
    this.first = new Promise((resolve) => {
      this.taken = resolve;
    });
    this.finished = this.run();
  }

  /**
   * Resolves when this process has the right for the first time.
   * @throws the signal's reason when `ending` is aborted before
   */
  async obtained(ending: AbortSignal): Promise<void> {
    await unless(ending, this.first);
  }

  /** Gives it back, or gives up waiting: the next process takes over at once. */
  async release(): Promise<void> {
    this.stopping.abort(new Error('stopped'));
    await this.finished;
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    const { log } = this.options;
    for (let failures = 0; !this.stopped; ) {
      try {
        await this.session(() => {
          if (failures > 0 && this.held) log.info("Droit d'écoute confirmé après une coupure de la base");
          failures = 0;
        });
      } catch (error) {
        if (this.stopped) return;
        if (failures++ === 0 && this.held)
          log.warn({ err: error }, "Droit d'écoute : connexion à la base perdue, l'écoute continue");
        await this.pause(LOOK_MS);
      }
    }
  }

  /** One connection, until it breaks (rejects) or is no longer wanted (resolves). */
  private async session(taken: () => void): Promise<void> {
    const patience = this.sessions++ === 0 ? PATIENCE_MS.usual : PATIENCE_MS.afterOutage;
    const client = (await this.options.knex.client.acquireRawConnection()) as Client;
    try {
      const over = endOf(client);
      await client.query(KEEPALIVE);
      await client.query("SELECT set_config('application_name', $1, false)", [this.name]);
      await client.query(`LISTEN ${FREED}`);
      if (!(await unless(over, this.take(client, patience)))) return;
      taken();
      const { clock } = this.options;
      await pulse(client, { over, wanted: this.stopping.signal, everyMs: PULSE_MS, clock });
      await client.query('SELECT pg_advisory_unlock($1, $2)', [...LOCK]);
      await client.query(`NOTIFY ${FREED}`);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Waits for the right; false when it is no longer wanted. */
  private async take(client: Client, patience: number): Promise<boolean> {
    const { clock, log, onLost } = this.options;
    let offered = false;
    client.on('notification', () => {
      offered = true;
    });
    for (let freeSince: number | undefined; !this.stopped; await this.pause(LOOK_MS)) {
      const holder = await this.holder(client);
      if (holder?.name === this.name) {
        // Our own former session, which the server believes to be alive still.
        await client.query('SELECT pg_terminate_backend($1)', [holder.pid]);
      } else if (holder !== undefined) {
        [freeSince, offered] = [undefined, false];
        if (this.held) {
          log.error(
            { autre: holder.name },
            'Une autre copie du service écoute les stations à la place de celle-ci',
          );
          this.stopping.abort(new Error('lost'));
          onLost();
          return false;
        }
        if (!this.waitingTold) {
          log.info(
            { autre: holder.name },
            'Une autre copie du service écoute déjà les stations : celle-ci répond aux requêtes, et prend la relève si l’autre s’arrête',
          );
        }
        this.waitingTold = true;
      } else {
        freeSince ??= clock.now();
        const due = this.held || offered || !this.waitingTold || clock.now() - freeSince >= patience;
        if (due && (await this.tryLock(client))) {
          if (this.waitingTold && !this.held) log.info('Prend la relève : écoute désormais les stations');
          this.held = true;
          this.taken();
          return true;
        }
      }
    }
    return false;
  }

  private async tryLock(client: Client): Promise<boolean> {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS got', [...LOCK]);
    return rows[0].got;
  }

  private async holder(client: Client): Promise<{ pid: number; name: string } | undefined> {
    const { rows } = await client.query(
      `SELECT locks.pid, coalesce(activity.application_name, '') AS name
       FROM pg_locks locks LEFT JOIN pg_stat_activity activity USING (pid)
       WHERE locks.locktype = 'advisory' AND locks.granted AND locks.objsubid = 2
         AND locks.classid = $1 AND locks.objid = $2
         AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [...LOCK],
    );
    return rows[0];
  }

  private pause(ms: number): Promise<void> {
    return this.options.clock.sleep(ms, this.stopping.signal).catch(() => undefined);
  }
}
