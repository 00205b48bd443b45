import { instruments } from '../../otel/metrics/instruments';
import { SAMPLE_RATE, seconds } from '../audio';
import type {
  AudioChunk,
  CaptureSink,
  ConnectFailed,
  SessionEnded,
  SessionId,
  SessionStarted,
  StreamTitle,
} from '../capture/types';
import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { DetectionMethod, RecognitionReport } from '../recognition/types';
import { newPlayId } from './id';
import type { PlayLog } from './log';
import { PcmRing } from './pcm-ring';
import type { Segmented } from './segmented';
import { Segmenter } from './segmenter';
import { asIdentified, type PlayStore } from './store';
import type { Play } from './types';
import type { UnknownAudio } from './unknown';

/** Who recognises; it leaves the samples as they are, they stay in the ring. Its reports come back through `PlayPipeline.report`. */
export interface Recognizer {
  sessionStarted(event: SessionStarted): void;
  audio(chunk: AudioChunk): void;
  sessionEnded(event: SessionEnded): void;
}

export interface PipelineOptions {
  readonly recognizer: Recognizer;
  readonly plays: PlayLog;
  readonly store: Pick<PlayStore, 'openPlays' | 'identified'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps the audio of unknown music; absent: nobody is asked about it. */
  readonly unknown?: UnknownAudio;
  /** The track of which this one is a duplicate, or itself. */
  readonly sameAs?: (trackId: number) => number;
  /** Compares short unknown stretches: one that was heard before is a jingle. Mono, 16-bit, 8 kHz. */
  readonly shortSounds?: { heardBefore(samples: Int16Array): boolean };
}

/** Audio kept of each session, seconds: unknown music is written up to 45 s after its start. */
const RING_S = 90;
const TICK_MS = 5_000;
const MAX_COUNTED = 5_000;

interface Station {
  readonly segmenter: Segmenter;
  /** The current session, and the one before it while its last reports are on their way. */
  sessions: { readonly id: SessionId; zeroMs?: number; readonly ring: PcmRing }[];
  lastDetectionAt?: number;
}

/** From audio to recorded plays: capture on one side, the recogniser on the other, the segmenters between. */
export class PlayPipeline implements CaptureSink {
  readonly #options: PipelineOptions;
  readonly #stations = new Map<number, Station>();
  /** Plays whose end has been counted: a correction afterwards is no other play. */
  readonly #counted = new Set<string>();
  #stopped = false;
  #cancelTick: () => void;

  constructor(options: PipelineOptions) {
    this.#options = options;
    const tick = () => {
      for (const station of this.#stations.values()) {
        this.#take(station, station.segmenter.tick(options.clock.now()));
      }
      this.#cancelTick = options.clock.after(TICK_MS, tick);
    };
    this.#cancelTick = options.clock.after(TICK_MS, tick);
  }

  /** Takes up the plays that were open when the service stopped; to be called before audio comes. */
  async resume(): Promise<void> {
    const { store, plays, clock, log } = this.#options;
    const last = new Map<string, Play>((await store.openPlays()).map((play) => [play.id, play]));
    // What the journal still holds is newer than the database.
    for (const play of plays.left()) {
      if ((last.get(play.id)?.revision ?? 0) < play.revision) last.set(play.id, play);
    }
    const open = [...last.values()].filter(({ status }) => status === 'open');
    for (const stationId of new Set(open.map((play) => play.stationId))) {
      const station = this.#station(stationId);
      const some = open.filter((play) => play.stationId === stationId);
      this.#take(station, station.segmenter.resume(some, clock.now()));
    }
    if (open.length > 0) log.info({ plays: open.length }, "diffusions en cours à l'arrêt : reprises");
  }

  sessionStarted(event: SessionStarted): void {
    if (this.#stopped) return;
    const station = this.#station(event.stationId);
    station.sessions = [...station.sessions.slice(-1), { id: event.sessionId, ring: new PcmRing(RING_S) }];
    this.#take(station, station.segmenter.sessionStarted(event.sessionId));
    this.#options.recognizer.sessionStarted(event);
  }

  audio(chunk: AudioChunk): void {
    if (this.#stopped) return;
    const station = this.#station(chunk.stationId);
    const session = station.sessions.find(({ id }) => id === chunk.sessionId);
    if (session) {
      session.zeroMs = chunk.sampleZeroAt;
      session.ring.push(chunk.firstSample, chunk.samples);
      if (station.sessions.length > 1 && seconds(session.ring.end) > RING_S) station.sessions = [session];
    }
    this.#options.recognizer.audio(chunk);
  }

  title(event: StreamTitle): void {
    if (this.#stopped) return;
    this.#station(event.stationId).segmenter.title(event.sessionId, event.title, seconds(event.atSample));
  }

  sessionEnded(event: SessionEnded): void {
    // Our own end is no end of the plays: the next run goes on with them.
    if (this.#stopped) return;
    const station = this.#station(event.stationId);
    const { segmenter } = station;
    this.#take(station, segmenter.sessionEnded(event, seconds(event.samples), this.#options.clock.now()));
    this.#options.recognizer.sessionEnded(event);
  }

  /** No audio came, so no play ends or begins by it: the station's state tells it. */
  connectFailed(_event: ConnectFailed): void {}

  /** What the recogniser heard. */
  report(report: RecognitionReport): void {
    if (this.#stopped) return;
    const station = this.#station(report.stationId);
    const session = station.sessions.find(({ id }) => id === report.sessionId);
    if (session?.zeroMs === undefined) {
      this.#options.log.warn(
        { stationId: report.stationId, sessionId: report.sessionId, upToS: report.upToS },
        "reconnaissance : compte rendu d'une session oubliée, écarté",
      );
      return;
    }
    for (const line of report.lines) {
      const heardAt = session.zeroMs + line.endS * 1000;
      station.lastDetectionAt = Math.max(station.lastDetectionAt ?? heardAt, heardAt);
    }
    this.#take(station, station.segmenter.report(report, session.zeroMs));
  }

  /** All of an ended session has been heard, and reported. */
  drained(sessionId: SessionId): void {
    if (this.#stopped) return;
    for (const station of this.#stations.values()) {
      if (station.sessions.some(({ id }) => id === sessionId)) {
        this.#take(station, station.segmenter.drained(sessionId));
      }
    }
  }

  /**
   * An outside service has named an unknown play.
   * @throws AppError `play_not_found`, `play_not_unknown` (recognised meanwhile)
   */
  async identified(
    playId: string,
    trackId: number,
    method: DetectionMethod,
    confidence?: number,
  ): Promise<void> {
    for (const station of this.#stations.values()) {
      const segmented = station.segmenter.identified(playId, trackId, method, confidence);
      if (segmented) return this.#take(station, segmented);
    }
    const track = this.#options.sameAs?.(trackId) ?? trackId;
    const waiting = this.#options.plays.latest(playId);
    if (waiting) await this.#options.plays.record(asIdentified(waiting, track, method, confidence));
    else await this.#options.store.identified(playId, track, method, confidence);
  }

  /** The play that a station is heard to be playing, as last written; undefined: none is known. */
  now(stationId: number): Play | undefined {
    return this.#stations.get(stationId)?.segmenter.now;
  }

  /** When a library recording was last heard on the station's air, ms; undefined: not since the start. */
  lastDetectionAt(stationId: number): number | undefined {
    return this.#stations.get(stationId)?.lastDetectionAt;
  }

  /** Writes how far everything has got, and takes nothing more. To be called before capture is stopped. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#cancelTick();
    for (const station of this.#stations.values()) this.#take(station, station.segmenter.suspend());
    this.#stopped = true;
    await this.#options.unknown?.stop();
  }

  #station(id: number): Station {
    const known = this.#stations.get(id);
    if (known) return known;
    const { sameAs, shortSounds } = this.#options;
    const segmenter = new Segmenter({
      stationId: id,
      newId: newPlayId,
      ...(sameAs ? { sameAs } : {}),
      ...(shortSounds ? { isJingle: (stretch) => this.#isJingle(id, stretch, shortSounds) } : {}),
    });
    const station: Station = { segmenter, sessions: [] };
    this.#stations.set(id, station);
    return station;
  }

  #isJingle(
    stationId: number,
    { sessionId, fromS, toS }: { sessionId: SessionId; fromS: number; toS: number },
    shortSounds: NonNullable<PipelineOptions['shortSounds']>,
  ): boolean {
    const ring = this.#stations.get(stationId)?.sessions.find(({ id }) => id === sessionId)?.ring;
    const heard = ring?.slice(Math.round(fromS * SAMPLE_RATE), Math.round(toS * SAMPLE_RATE));
    return heard !== undefined && shortSounds.heardBefore(heard.samples);
  }

  #take(station: Station, { plays, unidentifiedS, notes }: Segmented): void {
    const { log, unknown } = this.#options;
    for (const play of plays) {
      this.#record(play);
      const session = station.sessions.find(({ id }) => id === play.evidence.sessionId);
      unknown?.revised(play, session?.ring);
    }
    if (unidentifiedS > 0) instruments.unidentifiedMusic.add(unidentifiedS);
    for (const note of notes) {
      if (note.what === 'withdrawn') {
        instruments.plays.add(1, {
          kind: note.trackId === undefined ? 'unknown' : 'track',
          status: 'withdrawn',
        });
      }
      log.debug(note, 'segmentation : entendu, mais dans aucune diffusion');
    }
  }

  #record(play: Play): void {
    const { plays, log } = this.#options;
    const withdrawn = play.endedAt === play.startedAt;
    if (play.status !== 'open' && !withdrawn && !this.#counted.has(play.id)) {
      instruments.plays.add(1, { kind: play.kind, status: play.status });
      this.#counted.add(play.id);
      if (this.#counted.size > MAX_COUNTED) this.#counted.delete(this.#counted.values().next().value!);
    }
    const facts = { playId: play.id, stationId: play.stationId, trackId: play.trackId, kind: play.kind };
    if (play.revision === 1 || play.status !== 'open') {
      log.info(
        { ...facts, status: play.status },
        play.status === 'open'
          ? 'diffusion commencée'
          : withdrawn
            ? 'diffusion retirée'
            : 'diffusion terminée',
      );
    }
    plays.record(play).catch((error: unknown) => {
      log.error({ err: error, ...facts }, 'diffusion non gardée sur disque');
    });
  }
}
