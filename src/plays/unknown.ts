import { SAMPLE_RATE, seconds } from '../audio';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { Fingerprint } from '../recognition/local/fingerprint';
import type { PcmRing } from './pcm-ring';
import { Spool } from './spool';
import type { Play, PlayStatus } from './types';
import type { StoredUnknown, UnknownStore } from './unknown-store';

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
   * Told of a play when it is first written (status `open`), when it has ended and its row is there, and again should
   * its bounds be corrected after that.
   */
  readonly onUnknown: (play: UnknownPlay) => void;
  /** The whole audio of a play that a service named before it had ended: better for a reference than its beginning. */
  readonly onNamed?: (play: UnknownPlay & { readonly trackId: number }) => void;
}

/** Session samples that a play's file holds, once all that is queued is done. */
interface Recording {
  from: number;
  to: number;
  /** Audio was missing in between, or the disk bound took it: what could be added would not be what was on the air. */
  broken: boolean;
}

/** What is needed of a play to tell others about its audio. */
type Described = Pick<Play, 'id' | 'stationId' | 'status' | 'kind' | 'trackId'>;

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
  #work: Promise<void> = Promise.resolve();
  #rows: { play: Described; whole: boolean; durationS: number; fingerprint: Fingerprint }[] = [];
  #saving: Promise<void> | undefined;

  private constructor(options: UnknownAudioOptions, spool: Spool) {
    this.#options = options;
    this.#spool = spool;
  }

  static async open(options: UnknownAudioOptions): Promise<UnknownAudio> {
    return new UnknownAudio(options, await Spool.open(options.folder, options));
  }

  /** Recordings that the disk bound has cost since the start. */
  get dropped(): number {
    return this.#spool.dropped;
  }

  get bytes(): number {
    return this.#spool.bytes;
  }

  /**
   * A new revision of a play that is unknown, or was. Takes what is new of its audio from the ring of its session;
   * without a ring (after a restart) the file is what it is.
   */
  revised(play: Play, ring: PcmRing | undefined): void {
    const kept = this.#recordings.has(play.id) || this.#spool.samples(play.id) !== undefined;
    if (play.kind !== 'unknown' && !kept) return;
    if (play.kind === 'track' && play.method === 'local') {
      // Recognised after all: nobody has to name it.
      this.#recordings.delete(play.id);
      this.#then(play, () => this.#spool.remove(play.id));
      return;
    }
    const from = Math.round((play.evidence.heard[0]?.fromS ?? 0) * SAMPLE_RATE);
    const to = from + Math.round(((play.endedAt - play.startedAt) / 1000) * SAMPLE_RATE);
    const known = this.#recordings.get(play.id);
    // Cut out now: the ring moves on while the disk is busy.
    const fresh = ring?.slice(known?.to ?? from, to) ?? {
      first: known?.to ?? from,
      samples: new Int16Array(0),
    };
    const recording = known ?? { from: fresh.first, to: fresh.first, broken: false };
    const fileFrom = recording.from;
    if (fresh.samples.length > 0 && fresh.first !== recording.to) recording.broken = true;
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
      if (to <= from) return this.#spool.remove(play.id);
      if (exact) {
        await this.#spool.behead(play.id, from - fileFrom);
        await this.#spool.shorten(play.id, to - Math.max(from, fileFrom));
      }
      await this.#finish(play, exact && play.status === 'complete' ? to - from : undefined);
    });
  }

  /** Makes the rows that an earlier run had no time to make. To be called once, after `PlayPipeline.resume`. */
  async recover(): Promise<void> {
    for (const play of await this.#options.store.withoutRow(this.#spool.plays)) {
      this.#then(play, () => this.#finish(play, undefined));
    }
  }

  /** Plays of earlier runs that are still unknown and whose audio is still here, the latest first. */
  async left(limit = 200): Promise<(UnknownPlay & StoredUnknown)[]> {
    const rows = await this.#options.store.unknown(limit);
    return rows.flatMap((row) => {
      const samples = this.#spool.samples(row.playId);
      if (!samples) return [];
      const durationS = seconds(samples);
      const complete = row.status === 'complete' && Math.abs(durationS - row.durationS) < 0.01;
      return [{ ...row, pcmPath: this.#spool.path(row.playId), durationS, complete }];
    });
  }

  /** The audio is not needed any more. */
  release(playId: string): Promise<void> {
    this.#work = this.#work.then(() => this.#spool.remove(playId)).catch(() => undefined);
    return this.#work;
  }

  /** Ends the work on disk. Rows that the database has not taken are made again by the next run. */
  async stop(): Promise<void> {
    await this.#work;
    this.#stopping.abort();
    await this.#saving;
  }

  #then(play: Pick<Play, 'id'>, job: () => Promise<void>): void {
    this.#work = this.#work.then(job).catch((error: unknown) => {
      this.#options.log.error({ err: error, playId: play.id }, 'musique inconnue : audio non gardé');
    });
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
      recording.broken = true;
      this.#options.log.warn({ playId }, "musique inconnue : l'audio a un trou, la suite n'est pas gardée");
      return;
    }
    await this.#spool.append(playId, samples);
  }

  /** @param samplesOfAll of the play from its start to its end; undefined: it is not known to be here as a whole */
  async #finish(play: Described, samplesOfAll: number | undefined): Promise<void> {
    const { log } = this.#options;
    if (!this.#spool.samples(play.id)) {
      log.warn({ playId: play.id }, "musique inconnue : il n'y a pas d'audio à identifier");
      return this.#spool.remove(play.id);
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
        if (play.kind === 'unknown') this.#tell(play, whole, durationS);
        else if (play.trackId !== undefined) {
          this.#options.onNamed?.({ ...this.#described(play, whole, durationS), trackId: play.trackId });
        }
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

  #described(play: Described, complete: boolean, durationS: number): UnknownPlay {
    const { id, stationId, status } = play;
    return { playId: id, stationId, pcmPath: this.#spool.path(id), durationS, complete, status };
  }

  #tell(play: Described, complete: boolean, durationS?: number): void {
    const heardS = durationS ?? seconds(this.#spool.samples(play.id) ?? 0);
    if (heardS > 0) this.#options.onUnknown(this.#described(play, complete, heardS));
  }
}

/** PostgreSQL's foreign_key_violation. */
function isMissingPlay(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23503';
}
