import type { Logger } from '../log';
import { AcoustIdClient, type AcoustIdOptions } from './acoustid/client';
import { Attempts } from './attempts';
import { AuddClient, type AuddOptions } from './audd/client';
import { type Budget, DailyBudget, type Sql } from './budget';
import { Stages, type StagesOptions } from './stages';
import { UnknownClusters } from './unknown-clusters';

interface OutsideOptions extends Pick<StagesOptions, 'onIdentified' | 'onUnknown'> {
  readonly sql: Sql;
  readonly log: Logger;
  readonly acoustid: AcoustIdOptions;
  readonly audd: Omit<AuddOptions, 'budget'> & {
    /** Requests a day (UTC). */
    readonly dailyBudget: number;
  };
}

/** The outside services with what they need: their keys, what may be spent on them, what was asked before. */
export interface Outside {
  readonly stages: Stages;
  /** What is left to be spent on AudD; absent where AudD is off. */
  readonly budget: Budget | undefined;
  /** Takes up what earlier runs have asked, so that nothing is asked twice. */
  recall(): Promise<unknown>;
}

export function outsideServices(options: OutsideOptions): Outside {
  const { sql, log, acoustid, onIdentified, onUnknown } = options;
  const budget = new DailyBudget(sql, 'audd', options.audd.dailyBudget);
  const audd = new AuddClient({ ...options.audd, budget });
  const clusters = new UnknownClusters();
  const attempts = new Attempts(sql);
  const stages = new Stages({
    acoustid: new AcoustIdClient(acoustid),
    ...{ audd, clusters, store: attempts, log, onIdentified, onUnknown },
  });
  return { stages, budget: audd.enabled ? budget : undefined, recall: () => attempts.recall(clusters) };
}
