import { type Clock, systemClock } from '../clock';
import type { Logger } from '../log';
import { DURATION_TOLERANCE_S } from './acoustid/choose';
import type { AcoustIdClient } from './acoustid/client';
import type { AuddClient } from './audd/client';
import { chromaprintOf } from './chromaprint';
import { clipOf } from './clip';
import { countedAttempt } from './metrics';
import { SerialQueue } from './serial-queue';
import { askAgainAt, skipped } from './stage-outcome';
import type { ContentKind, DetectionStatus, StageOutcome } from './types';
import { type EarlierPlay, isAnswer, type UnknownClusters } from './unknown-clusters';
import { untilWritten } from './until-written';

/** A closed play that the local recogniser could not name. */
export interface UnknownPlay {
  readonly playId: string;
  /** Raw mono 16-bit little-endian PCM at SAMPLE_RATE of the play; kept by the caller until its end is told. */
  readonly pcmFile: string;
  readonly durationS: number;
  /** Heard from its beginning to its end: only such a play has the duration that AcoustID compares. */
  readonly complete: boolean;
  readonly jingle: boolean;
  readonly content: ContentKind;
  /** How earlier attempts ended, for plays that are queued again after a restart. */
  readonly acoustid?: DetectionStatus | undefined;
  readonly audd?: DetectionStatus | undefined;
  readonly chromaprint?: string | undefined;
  /** How often it was put off because a service did not answer. */
  readonly retries?: number;
}

/** Where attempts are kept, so that a restart asks nobody twice. */
export interface AttemptStore {
  saveOutcome(playId: string, method: OutsideMethod, status: DetectionStatus): Promise<void>;
  saveChromaprint(playId: string, chromaprint: string): Promise<void>;
  /** A service did not answer: the play is to be asked about again, from `until` on (ms since the epoch). */
  postpone(playId: string, until: number): Promise<void>;
}

export type OutsideMethod = 'acoustid' | 'audd';

export interface StagesOptions {
  readonly acoustid: AcoustIdClient;
  readonly audd: AuddClient;
  readonly clusters: UnknownClusters;
  readonly store: AttemptStore;
  readonly log: Logger;
  /** Someone named the play. `sameAs`: it is the recording of that earlier play, and nobody was asked again. */
  onIdentified(end: { playId: string; outcome: StageOutcome; sameAs?: string }): Promise<void> | void;
  /** Nobody named it, and nobody will be asked again; `answered`: else it is given up because a service does not answer. */
  onUnknown(end: { playId: string; answered: boolean }): Promise<void> | void;
  /** Plays that each stage holds at most. */
  readonly limit?: number;
  readonly clock?: Clock;
}

/** Shorter unknown music is not worth a paid request, and no clip can be cut from it; seconds. */
export const MIN_PLAY_S = 15;

interface Job {
  play: UnknownPlay;
  chromaprint: string | undefined;
  /** A stage had no answer, and may have one from then on, ms since the epoch. */
  unansweredUntil?: number;
}

/**
 * Has unknown plays named by the outside services: AcoustID on whole plays, then AudD on a clip of what stays unknown.
 * One play at a time in each stage; a full queue refuses.
 */
export class Stages {
  private readonly clock: Clock;
  private readonly abort = new AbortController();
  private readonly held = new Set<string>();
  private readonly acoustidQueue: SerialQueue<Job>;
  private readonly auddQueue: SerialQueue<Job>;
  private stopping = false;

  constructor(private readonly options: StagesOptions) {
    this.clock = options.clock ?? systemClock;
    const limit = options.limit ?? 200;
    this.acoustidQueue = new SerialQueue(limit, (job) => this.guarded(job, () => this.acoustid(job)));
    this.auddQueue = new SerialQueue(limit, (job) => this.guarded(job, () => this.audd(job)));
  }

  /** The play waits here or is asked about. */
  holds(playId: string): boolean {
    return this.held.has(playId);
  }

  /** Plays that wait or are asked about, by stage. */
  queueLengths(): { acoustid: number; audd: number } {
    return { acoustid: this.acoustidQueue.length, audd: this.auddQueue.length };
  }

  /**
   * Takes a play. `full`: no room, it stays pending with the caller; `ineligible`: there is nobody to ask about it (no key,
   * speech, a jingle, too short, everyone was asked before); `known`: it is here already.
   */
  enqueue(play: UnknownPlay): 'queued' | 'full' | 'ineligible' | 'known' {
    if (this.held.has(play.playId)) return 'known';
    const first = this.wantsAcoustId(play) ? 'acoustid' : this.wantsAudd(play) ? 'audd' : undefined;
    if (!first) return 'ineligible';
    const job = { play, chromaprint: play.chromaprint };
    this.held.add(play.playId);
    if ((first === 'acoustid' ? this.acoustidQueue : this.auddQueue).offer(job)) return 'queued';
    this.held.delete(play.playId);
    return 'full';
  }

  /**
   * Takes nothing more and lets the requests on their way end, for at most `deadlineMs`; what is not done then is not
   * recorded, and the caller queues it again after the restart.
   */
  async stop(deadlineMs = 5_000): Promise<void> {
    this.stopping = true;
    const closed = Promise.all([this.acoustidQueue.close(), this.auddQueue.close()]);
    const cancel = systemClock.after(deadlineMs, () => this.abort.abort(new Error('stages are stopping')));
    await closed;
    cancel();
  }

  private wantsAcoustId(play: UnknownPlay): boolean {
    return this.options.acoustid.enabled && play.complete && worthAsking(play, play.acoustid);
  }

  private wantsAudd(play: UnknownPlay): boolean {
    return this.options.audd.enabled && worthAsking(play, play.audd);
  }

  private async acoustid(job: Job): Promise<void> {
    const earlier = await this.prepare(job);
    if (earlier?.outcome) return this.identifiedAs(job, earlier, earlier.outcome);
    const outcome = await countedAttempt('acoustid', async () => {
      if (job.chromaprint === undefined) {
        return {
          method: 'acoustid',
          status: 'failure',
          detail: 'empreinte Chromaprint impossible',
          notBefore: 0,
        };
      }
      // Of another length it may be the same song with better boundaries, and those decide at AcoustID.
      if (earlier && isAnswer(earlier.acoustid) && alike(earlier, job.play)) {
        return skipped('acoustid', `même inconnu que ${earlier.playId}, déjà demandé`);
      }
      return this.options.acoustid.lookup(
        { durationS: job.play.durationS, fingerprint: job.chromaprint },
        this.abort.signal,
      );
    });
    await this.conclude(job, 'acoustid', outcome, earlier);
    if (outcome.status === 'success') return this.done(job);
    if (!this.wantsAudd(job.play)) return this.unknown(job);
    await this.auddQueue.put(job);
  }

  private async audd(job: Job): Promise<void> {
    const earlier = await this.prepare(job);
    if (earlier?.outcome) return this.identifiedAs(job, earlier, earlier.outcome);
    const outcome = await countedAttempt('audd', async () => {
      if (earlier && isAnswer(earlier.audd)) {
        return skipped('audd', `même inconnu que ${earlier.playId}, déjà demandé`);
      }
      let clip: Int16Array;
      try {
        clip = await clipOf(job.play.pcmFile);
      } catch (error) {
        return {
          method: 'audd',
          status: 'failure',
          detail: `extrait illisible (${String(error)})`,
          notBefore: 0,
        };
      }
      return this.options.audd.recognize(clip, this.abort.signal);
    });
    await this.conclude(job, 'audd', outcome, earlier);
    if (outcome.status === 'success') return this.done(job);
    await this.unknown(job);
  }

  /** Fingerprints the play once, and says what is known about the same music. */
  private async prepare(job: Job): Promise<EarlierPlay | undefined> {
    const { playId, pcmFile } = job.play;
    if (job.chromaprint === undefined) {
      try {
        const chromaprint = await chromaprintOf(pcmFile, { signal: this.abort.signal });
        job.chromaprint = chromaprint;
        await this.persist('chromaprint', () => this.options.store.saveChromaprint(playId, chromaprint));
      } catch (error) {
        this.abort.signal.throwIfAborted();
        this.options.log.warn({ playId, error: String(error) }, 'Empreinte Chromaprint impossible');
        return undefined;
      }
    }
    return this.options.clusters.sameAs(job.chromaprint, playId);
  }

  private async conclude(
    job: Job,
    method: OutsideMethod,
    outcome: StageOutcome,
    earlier?: EarlierPlay,
  ): Promise<void> {
    const { playId, durationS } = job.play;
    const { status } = outcome;
    this.options.log[status === 'failure' ? 'warn' : 'info'](
      { playId, method, status, detail: outcome.detail },
      status === 'success' ? 'Musique identifiée par un service externe' : 'Musique toujours inconnue',
    );
    // The name first: if the service dies between the two, it is asked again rather than forgotten.
    if (status === 'success') {
      await this.persist('identification', () => this.options.onIdentified({ playId, outcome }));
    }
    await this.persist('outcome', () => this.options.store.saveOutcome(playId, method, status));
    if (outcome.notBefore !== undefined) {
      job.unansweredUntil = Math.min(job.unansweredUntil ?? outcome.notBefore, outcome.notBefore);
    }
    if (job.chromaprint === undefined) return;
    const { clusters } = this.options;
    if (status === 'skipped' && earlier) {
      // What was answered about the earlier play holds for this one too; a copy of it is not worth the memory.
      const answered = earlier[method];
      if (answered !== undefined && clusters.has(playId)) {
        clusters.remember(job.chromaprint, { playId, durationS, [method]: answered });
      }
      return;
    }
    const name = status === 'success' ? { outcome } : {};
    clusters.remember(job.chromaprint, { playId, durationS, [method]: status, ...name });
  }

  private async identifiedAs(job: Job, earlier: EarlierPlay, outcome: StageOutcome): Promise<void> {
    const { playId } = job.play;
    const method = outcome.method === 'audd' ? 'audd' : 'acoustid';
    await countedAttempt(method, async () => skipped(method, `même enregistrement que ${earlier.playId}`));
    this.options.log.info(
      { playId, sameAs: earlier.playId, method },
      'Même enregistrement qu’un inconnu déjà identifié',
    );
    await this.persist('identification', () =>
      this.options.onIdentified({ playId, outcome, sameAs: earlier.playId }),
    );
    await this.persist('outcome', () => this.options.store.saveOutcome(playId, method, 'skipped'));
    this.done(job);
  }

  private async unknown(job: Job): Promise<void> {
    const { playId, retries = 0 } = job.play;
    const { unansweredUntil } = job;
    const answered = unansweredUntil === undefined;
    const at = answered ? undefined : askAgainAt(unansweredUntil, retries, this.clock.now());
    if (at === undefined) await this.persist('end', () => this.options.onUnknown({ playId, answered }));
    else await this.persist('postponement', () => this.options.store.postpone(playId, at));
    this.done(job);
  }

  private done(job: Job): void {
    this.held.delete(job.play.playId);
  }

  private persist(what: string, write: () => Promise<void> | void): Promise<void> {
    const { log } = this.options;
    return untilWritten(write, {
      clock: this.clock,
      signal: this.abort.signal,
      stopping: () => this.stopping,
      onFailure: (error, refused) =>
        log.warn(
          { what, error: String(error) },
          refused ? 'Résultat refusé, abandonné' : 'Résultat non enregistré, nouvel essai plus tard',
        ),
    });
  }

  /** Nothing that one play does ends the queue. */
  private async guarded(job: Job, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.stopping) return this.done(job);
      this.options.log.error({ playId: job.play.playId, err: error }, 'Recherche externe interrompue');
      job.unansweredUntil ??= 0;
      await this.unknown(job).catch(() => this.done(job));
    }
  }
}

function worthAsking(play: UnknownPlay, before: DetectionStatus | undefined): boolean {
  if (play.acoustid === 'success' || play.audd === 'success') return false;
  if (play.jingle || play.content === 'speech' || play.content === 'silence') return false;
  return play.durationS >= MIN_PLAY_S && !isAnswer(before);
}

/** Of durations that AcoustID takes for the same. */
function alike(a: { durationS: number }, b: { durationS: number }): boolean {
  return Math.abs(a.durationS - b.durationS) <= DURATION_TOLERANCE_S;
}
