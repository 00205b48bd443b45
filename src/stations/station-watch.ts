import { seconds } from '../audio';
import type {
  AudioChunk,
  CaptureSink,
  ConnectFailed,
  SessionEnded,
  SessionStarted,
  StreamTitle,
} from '../capture/types';
import type { Clock } from '../clock';
import { faultReason } from './reasons';
import { SilenceDetector } from './silence';
import { type HeardBefore, Today } from './today';
import type { StationState, StationStatus } from './types';

const REASONS = {
  starting: 'connexion en cours',
  listening: 'le flux est entendu',
  silent: 'plus de 20 secondes sans un son',
  paused: 'mise en pause',
} as const;

/** Turns what capture tells of one station into its state. Passes everything on, unchanged and in order. */
export class StationWatch implements CaptureSink {
  private state: StationState = 'starting';
  private reason: string = REASONS.starting;
  private since: number;
  private lastAudioAt: number | undefined;
  private lastTitle: string | undefined;
  private codec: string | undefined;
  private readonly silence = new SilenceDetector();
  private readonly today: Today;

  constructor(
    private readonly clock: Clock,
    private readonly next: CaptureSink,
    private readonly onState: (status: StationStatus) => void,
    before?: HeardBefore,
  ) {
    this.since = clock.now();
    this.today = new Today(this.since, before);
  }

  status(): StationStatus {
    const now = this.clock.now();
    const coverage = this.today.coverage(now);
    return {
      state: this.state,
      reason: this.reason,
      since: this.since,
      reconnectsToday: this.today.reconnectsToday(now),
      ...(this.lastAudioAt === undefined ? {} : { lastAudioAt: this.lastAudioAt }),
      ...(this.lastTitle === undefined ? {} : { title: this.lastTitle }),
      ...(this.codec === undefined ? {} : { codec: this.codec }),
      ...(coverage === undefined ? {} : { coverageToday: coverage }),
    };
  }

  /** Listening begins, or begins again after a pause. */
  starting(): void {
    this.change('starting', REASONS.starting);
  }

  paused(): void {
    [this.lastTitle, this.codec] = [undefined, undefined];
    this.change('paused', REASONS.paused);
  }

  sessionStarted(event: SessionStarted): void {
    this.codec = event.codec;
    this.lastTitle = undefined;
    this.silence.reset();
    this.next.sessionStarted(event);
  }

  audio(chunk: AudioChunk): void {
    const now = this.clock.now();
    this.lastAudioAt = now;
    this.today.heard(seconds(chunk.samples.length), now);
    const silent = this.silence.push(chunk.samples);
    if (this.state !== 'paused')
      this.change(silent ? 'silent' : 'listening', silent ? REASONS.silent : REASONS.listening);
    this.next.audio(chunk);
  }

  title(event: StreamTitle): void {
    this.lastTitle = event.title === '' ? undefined : event.title;
    this.next.title(event);
  }

  sessionEnded(event: SessionEnded): void {
    this.next.sessionEnded(event);
  }

  connectFailed(event: ConnectFailed): void {
    [this.lastTitle, this.codec] = [undefined, undefined];
    this.today.reconnected(this.clock.now());
    this.change('lost', faultReason(event));
    this.next.connectFailed(event);
  }

  /** `since` is when the state began; a new reason within it is told without moving that. */
  private change(state: StationState, reason: string): void {
    if (state === this.state && reason === this.reason) return;
    if (state !== this.state) this.since = this.clock.now();
    [this.state, this.reason] = [state, reason];
    this.onState(this.status());
  }
}
