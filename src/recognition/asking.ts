import type { Clock } from '../clock';
import type { Logger } from '../log';
import type { Attempts } from './attempts';
import type { Stages } from './stages';

export interface AskingOptions {
  readonly stages: Pick<Stages, 'enqueue' | 'holds'>;
  readonly attempts: Pick<Attempts, 'pending'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Unknown plays whose audio is on disk and whose bounds are settled. `pcmPath`: mono, 16-bit, 8 kHz. */
  kept(): readonly { readonly playId: string; readonly pcmPath: string; readonly durationS: number }[];
  /** Nobody is to be asked about the play. */
  release(playId: string): Promise<void>;
}

/** Plays that were put off, or found a stage full, are looked for this often. */
const EVERY_MS = 60_000;
/** A file that differs by less from its play is the whole play, seconds. */
const SAME_LENGTH_S = 0.01;

/**
 * Brings unknown plays to the stages. To be asked about is what has its audio on disk and a row whose time has come:
 * nothing else has to be remembered for a restart, a full stage or a service that is away.
 */
export class Asking {
  private wanted = false;
  private rounds: Promise<void> | undefined;
  private stopped = false;
  private cancel: () => void = () => undefined;

  constructor(private readonly options: AskingOptions) {}

  /** Looks for plays now: one has come. From the first time on it also looks now and then. */
  look(): void {
    this.wanted = true;
    if (!this.stopped) this.rounds ??= this.lookAround();
  }

  /** Brings nothing more to the stages. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    await this.rounds;
  }

  private async lookAround(): Promise<void> {
    this.cancel();
    while (this.wanted && !this.stopped) {
      this.wanted = false;
      try {
        await this.round();
      } catch (error) {
        this.options.log.warn({ err: error }, 'Inconnus à demander illisibles, nouvel essai plus tard');
      }
    }
    this.rounds = undefined;
    if (!this.stopped) this.cancel = this.options.clock.after(EVERY_MS, () => this.look());
  }

  private async round(): Promise<void> {
    const { stages, attempts, clock, kept, release } = this.options;
    const free = kept().filter(({ playId }) => !stages.holds(playId));
    if (free.length === 0) return;
    const audio = new Map(free.map((one) => [one.playId, one]));
    for (const play of await attempts.pending([...audio.keys()], clock.now())) {
      if (this.stopped) return;
      const { playId, durationS, pcmPath } = { ...play, ...audio.get(play.playId)! };
      const complete = play.complete && Math.abs(durationS - play.durationS) < SAME_LENGTH_S;
      const taken = stages.enqueue({
        ...play,
        ...{ pcmFile: pcmPath, durationS, complete, jingle: false, content: 'music' },
      });
      if (taken === 'ineligible') await release(playId);
    }
  }
}
