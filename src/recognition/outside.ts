import { type Clock, systemClock } from '../clock';
import type { Logger } from '../log';
import { AcoustIdClient, type AcoustIdOptions } from './acoustid/client';
import { Asking, type AskingOptions } from './asking';
import { Attempts } from './attempts';
import { AuddClient, type AuddOptions } from './audd/client';
import { type Budget, DailyBudget, type Sql } from './budget';
import { Stages, type StagesOptions } from './stages';
import { UnknownClusters } from './unknown-clusters';

export interface OutsideOptions
  extends Pick<StagesOptions, 'onIdentified' | 'onUnknown' | 'limit'>,
    Pick<AskingOptions, 'kept' | 'release'> {
  readonly sql: Sql;
  readonly log: Logger;
  readonly acoustid: AcoustIdOptions;
  readonly audd: Omit<AuddOptions, 'budget'> & {
    /** Requests a day (UTC); 0 = AudD is off. */
    readonly dailyBudget: number;
  };
  /** The world's time, which the services know. */
  readonly clock?: Clock;
}

/** The outside services with what they need: their keys, what may be spent on them, what was asked before. */
export interface Outside {
  readonly stages: Pick<Stages, 'queueLengths'>;
  /** What is left to be spent on AudD; absent where AudD is off. */
  readonly budget: Budget | undefined;
  /** Takes up what earlier runs have asked, so that nothing is asked twice, then asks about what they have left. */
  start(): Promise<void>;
  /** There is another play to be asked about. */
  look(): void;
  /** Ends as `Stages.stop` does. */
  stop(): Promise<void>;
}

export function outsideServices(options: OutsideOptions): Outside {
  const { sql, log, kept, release, clock = systemClock } = options;
  const { dailyBudget, ...account } = options.audd;
  const budget = new DailyBudget(sql, 'audd', dailyBudget, clock);
  const token = dailyBudget > 0 ? account.token : undefined;
  const audd = new AuddClient({ clock, ...account, token, budget });
  const clusters = new UnknownClusters();
  const attempts = new Attempts(sql);
  const stages = new Stages({
    ...options,
    acoustid: new AcoustIdClient({ clock, ...options.acoustid }),
    ...{ audd, clusters, store: attempts, clock },
  });
  const asking = new Asking({ stages, attempts, clock, log, kept, release });
  let started = false;
  return {
    stages,
    budget: audd.enabled ? budget : undefined,
    async start() {
      await attempts.recall(clusters);
      started = true;
      asking.look();
    },
    look: () => {
      if (started) asking.look();
    },
    async stop() {
      await Promise.all([asking.stop(), stages.stop()]);
    },
  };
}
