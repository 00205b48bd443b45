import { instruments } from '../../otel/metrics/instruments';
import { SAMPLE_RATE, seconds } from '../audio';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { Fingerprint } from '../recognition/local/fingerprint';
import type { PcmRing } from './pcm-ring';
import { Settling } from './settling';
import { Spool } from './spool';
import type { Play, PlayStatus } from './types';
import type { UnknownStore } from './unknown-store';

/** Unknown music whose audio lies on disk, for those who can name it. */
export interface UnknownPlay {
  readonly playId: string;
  readonly stationId: number;
  /** Mono, 16-bit little-endian, 8 kHz, without a header. May be gone by the time it is read: the disk is bounded. */
  readonly pcmPath: string;
  readonly durationS: number;
  /** The file is the whole play, from its start to its end; else it goes on, was cut, or its start was missed. */
  readonly complete: boolean;
  /** `open`: this is what has been heard of it so far. */
  readonly status: PlayStatus;
}

export interface UnknownAudioOptions {
  /** Folder for the audio. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly store: UnknownStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Fingerprint of a whole play's audio. */
  readonly fingerprint: (samples: Int16Array) => Promise<Fingerprint> | Fingerprint;
  /** A play waits to be written to the database: what refers to it must wait too. */
  readonly isWaiting: (playId: string) => boolean;
  /**
   * Told of a play when it is first written (status `open`), when it has ended, its bounds have settled and its row is
   * there, and again should they be corrected after that while its audio is still here.
   */
  readonly onUnknown: (play: UnknownPlay) => void;
}

/** Session samples that a play's file holds, once all that is queued is done. */
interface Recording {
  from: number;
  to: number;
  /** Why nothing more may be added: audio was missing in between, it would not be what was on the air. */
  broken?: 'late' | 'disk_error';
  /** Why there is no file any more: nobody needs it, or it is lost, which was said and counted then. */
  gone?: 'released' | 'lost';
}

/** Why an unknown play has no more audio by which it could be named. */
const LOSSES = {
  disk_full: "plus de place, l'enregistrement le plus ancien est supprimé (UNKNOWN_DISK_MB)",
  disk_error: "l'audio n'a pas pu être écrit, elle ne sera pas identifiée",
  late: "l'audio n'était plus en mémoire quand elle a été relevée, elle ne sera pas identifiée",
  restart: "l'audio d'avant l'arrêt n'est pas sur ce disque, elle ne sera pas identifiée",
  no_answer: "les services externes n'ont pas répondu, elle n'est plus demandée",
} as const;
type Loss = keyof typeof LOSSES;

/** What is needed of a play to tell others about its audio. */
type Described = Pick<Play, 'id' | 'stationId' | 'status'>;

/**
 * An ended play waits so long for a correction of its bounds before it is fingerprinted and told: what ended it may have
 * been a title that came seconds late, and the line of the song after it reaches back when it is accepted.
 */
const SETTLING_MS = 45_000;
const RETRY_MS = { first: 1_000, longest: 60_000 };
/** Plays that wait for the database with their fingerprints, at most. */
const MAX_WAITING = 500;
/** Ended plays whose bounds may still be corrected, at most. */
const MAX_RECORDINGS = 1_000;

/** Keeps the audio and the fingerprints of unknown music. Its work is done one after the other. */
export class UnknownAudio {
  readonly #options: UnknownAudioOptions;
  readonly #spool: Spool;
  readonly #recordings = new Map<string, Recording>();
  readonly #stopping = new AbortController();
  readonly #settling: Settling;
  #work: Promise<void> = Promise.resolve();
  #rows: { play: Described; whole: boolean; durationS: number; fingerprint: Fingerprint }[] = [];
  #saving: Promise<void> | undefined;

  private constructor(options: UnknownAudioOptions, spool: Spool) {
    this.#options = options;
    this.#spool = spool;
    this.#settling = new Settling(options.clock, SETTLING_MS);
  }

  static async open(options: UnknownAudioOptions): Promise<UnknownAudio> {
    const spool = await Spool.open(options.folder, {
      ...options,
      onDropped: (playId) => unknown.#lost(playId, 'disk_full'),
    });
    const unknown: UnknownAudio = new UnknownAudio(options, spool);
    return unknown;
  }

  get bytes(): number {
    return this.#spool.bytes;
  }

  /**
   * A new revision of a play that is unknown, or was. Takes what is new of its audio from the ring of its session;
   * without a ring (after a restart) the file is what it is.
   */
  revised(play: Play, ring: PcmRing | undefined): void {
    if (play.kind !== 'unknown') {
      // Named after all: nobody has to do it any more.
      if (!this.#recordings.delete(play.id) && this.#spool.samples(play.id) === undefined) return;
      this.#settling.forget(play.id);
      this.#then(play, () => this.#spool.remove(play.id));
      return;
    }
    const known = this.#recordings.get(play.id);
    // Whoever wanted its audio has had it, or nobody can: other bounds change nothing any more.
    if (known?.gone) return;
    const from = Math.round((play.evidence.heard[0]?.fromS ?? 0) * SAMPLE_RATE);
    const to = from + Math.round(((play.endedAt - play.startedAt) / 1000) * SAMPLE_RATE);
    // Cut out now: the ring moves on while the disk is busy.
    const fresh = ring?.slice(known?.to ?? from, to) ?? {
      first: known?.to ?? from,
      samples: new Int16Array(0),
    };
    const recording: Recording = known ?? { from: fresh.first, to: fresh.first };
    const fileFrom = recording.from;
    if (fresh.samples.length > 0 && fresh.first !== recording.to) recording.broken = 'late';
    if (!recording.broken) recording.to = fresh.first + fresh.samples.length;
    const closed = play.status !== 'open';
    if (closed) {
      recording.to = Math.max(from, Math.min(recording.to, to));
      recording.from = Math.min(recording.to, Math.max(recording.from, from));
    }
    this.#keep(play.id, recording);
    // Nothing was heard by this run: the file is an earlier run's, its bounds are what they are.
    const exact = ring !== undefined || known !== undefined;
    this.#then(play, async () => {
      if (fresh.samples.length > 0)
        await this.#append(play.id, recording, fresh.first - fileFrom, fresh.samples);
      if (!closed) {
        if (play.revision === 1) this.#tell(play, false);
        return;
      }
      const begins = exact ? Math.max(from, fileFrom) : from;
      // Nothing is left of the play, or nothing of it was left to be kept.
      if (to <= begins) return this.#spool.remove(play.id);
      if (!exact) return this.#finish(play, undefined, 'restart');
      await this.#spool.behead(play.id, begins - fileFrom);
      await this.#spool.shorten(play.id, to - begins);
    });
    this.#settling.forget(play.id);
    if (!closed || !exact || to <= from) return;
    const samplesOfAll = play.status === 'complete' ? to - from : undefined;
    this.#settling.call(play.id, () => this.#then(play, () => this.#finish(play, samplesOfAll)));
  }

  /** Does what an earlier run had no time to do: makes rows, lets audio go. To be called once, after `PlayPipeline.resume`. */
  async recover(): Promise<void> {
    for (const playId of await this.#options.store.named(this.#spool.plays)) await this.release(playId);
    for (const play of await this.#options.store.withoutRow(this.#spool.plays)) {
      if (this.#recordings.has(play.id)) continue; // resumed, and ended by that
      const samples = Math.round(play.durationS * SAMPLE_RATE);
      this.#then(play, () => this.#finish(play, play.status === 'complete' ? samples : undefined));
    }
  }

  /** Plays whose audio is here and is not about to change. */
  kept(): { playId: string; pcmPath: string; durationS: number }[] {
    return this.#spool.plays
      .filter((playId) => !this.#settling.waits(playId) && !this.#options.isWaiting(playId))
      .map((playId) => ({
        ...{ playId, pcmPath: this.#spool.path(playId) },
        durationS: seconds(this.#spool.samples(playId) ?? 0),
      }));
  }

  /** The audio is not needed any more; `lost`: the play has no name for all that, which is counted if it was not already. */
  release(playId: string, lost?: 'no_answer'): Promise<void> {
    if (lost && this.#spool.samples(playId)) this.#lost(playId, lost);
    const recording = this.#recordings.get(playId);
    if (recording) recording.gone ??= 'released';
    this.#work = this.#work.then(() => this.#spool.remove(playId)).catch(() => undefined);
    return this.#work;
  }

  /** Ends the work on disk. Rows of plays that settle, or that the database has not taken, are made by the next run. */
  async stop(): Promise<void> {
    this.#settling.stop();
    await this.#work;
    this.#stopping.abort();
    await this.#saving;
  }

  #then(play: Pick<Play, 'id'>, job: () => Promise<void>): void {
    this.#work = this.#work.then(job).catch((error: unknown) => {
      this.#options.log.error({ err: error, playId: play.id }, 'musique inconnue : audio non gardé');
    });
  }

  /** Nobody will be able to name this play. Said and counted once; not at all when its audio had served. */
  #lost(playId: string, reason: Loss): void {
    const recording = this.#recordings.get(playId);
    if (recording?.gone) return;
    if (recording) recording.gone = 'lost';
    instruments.unknownLost.add(1, { reason });
    this.#options.log.warn({ playId, reason }, `musique inconnue : ${LOSSES[reason]}`);
  }

  #keep(playId: string, recording: Recording): void {
    this.#recordings.delete(playId);
    this.#recordings.set(playId, recording);
    if (this.#recordings.size > MAX_RECORDINGS) {
      this.#recordings.delete(this.#recordings.keys().next().value!);
    }
  }

  async #append(playId: string, recording: Recording, at: number, samples: Int16Array): Promise<void> {
    if (recording.broken || (this.#spool.samples(playId) ?? 0) !== at) {
      if (!recording.broken) await this.#spool.remove(playId);
      recording.broken ??= 'late';
      this.#options.log.warn({ playId }, "musique inconnue : l'audio a un trou, la suite n'est pas gardée");
      return;
    }
    try {
      await this.#spool.append(playId, samples);
    } catch (error) {
      recording.broken = 'disk_error';
      throw error;
    }
  }

  /**
   * @param samplesOfAll of the play from its start to its end; undefined: it is not known to be here as a whole
   * @param whyMissing should there be no audio
   */
  async #finish(play: Described, samplesOfAll: number | undefined, whyMissing: Loss = 'late'): Promise<void> {
    const { log } = this.#options;
    if (!this.#spool.samples(play.id)) {
      await this.#spool.remove(play.id);
      return this.#lost(play.id, this.#recordings.get(play.id)?.broken ?? whyMissing);
    }
    const samples = await this.#spool.read(play.id);
    const fingerprint = await this.#options.fingerprint(samples);
    const whole = samples.length === samplesOfAll;
    if (this.#rows.length >= MAX_WAITING) {
      const lost = this.#rows.shift()!;
      log.error(
        { playId: lost.play.id },
        "musique inconnue : empreinte abandonnée, la base de données n'est pas là",
      );
    }
    this.#rows.push({ play, whole, durationS: seconds(samples.length), fingerprint });
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
  }

  /** Writes rows as soon as the plays that they refer to are written. */
  async #save(): Promise<void> {
    const { store, clock, log, isWaiting } = this.#options;
    for (let failures = 0; this.#rows.length > 0 && !this.#stopping.signal.aborted; ) {
      const { play, whole, fingerprint, durationS } = this.#rows[0]!;
      try {
        if (isWaiting(play.id)) throw new Error('the play is not written yet');
        await store.save(play.id, fingerprint);
        failures = 0;
        this.#rows.shift();
        this.#tell(play, whole, durationS);
      } catch (error) {
        if (isMissingPlay(error) && !isWaiting(play.id)) {
          log.error(
            { err: error, playId: play.id },
            "musique inconnue : la diffusion n'existe pas, empreinte écartée",
          );
          this.#rows.shift();
          continue;
        }
        failures += 1;
        const ms = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** Math.min(failures - 1, 10));
        await clock.sleep(ms, this.#stopping.signal).catch(() => undefined);
      }
    }
  }

  #tell({ id, stationId, status }: Described, complete: boolean, durationS?: number): void {
    const heardS = durationS ?? seconds(this.#spool.samples(id) ?? 0);
    if (heardS <= 0) return;
    const pcmPath = this.#spool.path(id);
    this.#options.onUnknown({ playId: id, stationId, pcmPath, durationS: heardS, complete, status });
  }
}

/** PostgreSQL's foreign_key_violation. */
function isMissingPlay(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23503';
}
