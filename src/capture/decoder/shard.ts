import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../../clock';
import type { Logger } from '../../log';
import { compiled } from '../../paths';
import type { FromDecoder, ToDecoder } from './protocol';
import { type DecoderEvents, DecoderStream } from './stream';

/** Restarts wait longer and longer, ms; a process that has lived LIVED_MS starts at the first again. */
const BACK_OFF = [200, 1_000, 5_000, 15_000, 30_000];
const LIVED_MS = 60_000;
/** A process that has not answered for so long while it holds bytes hangs, and is killed. */
const HANGS_MS = 20_000;
const WATCH_MS = 5_000;
/** The only variables that a decoder gets: it must not hold the service's secrets. */
const ENVIRONMENT = [
  ...['PATH', 'LD_LIBRARY_PATH', 'SystemRoot', 'TEMP', 'TMPDIR', 'HOME'],
  ...['MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_'],
];

interface ShardOptions {
  readonly number: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** `busy`: whose bytes the process held when it died. */
  readonly onCrash: (busy: readonly string[]) => void;
}

/** One decoder process and the streams in it. Its death is a fault of those streams, and it is started again. */
export class Shard {
  private child: ChildProcess | undefined;
  private streams = new Map<number, DecoderStream>();
  private keys = new WeakMap<DecoderStream, string>();
  private nextId = 1;
  private crashes = 0;
  private startedAt = 0;
  private answeredAt = 0;
  private stopped = false;
  private cancelTimer: () => void = () => undefined;

  constructor(private readonly options: ShardOptions) {
    this.start();
  }

  get load(): number {
    return this.streams.size;
  }

  get alive(): boolean {
    return this.child !== undefined;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Opens a stream in this process. When the process is down, the fault comes right after this returns. */
  open(events: DecoderEvents, key: string): DecoderStream {
    const id = this.nextId++;
    const link = { send: (message: Omit<ToDecoder, 'id'>) => this.send({ ...message, id } as ToDecoder) };
    const stream = new DecoderStream(link, events, () => this.streams.delete(id));
    this.streams.set(id, stream);
    this.keys.set(stream, key);
    if (this.child) this.send({ t: 'open', id });
    else queueMicrotask(() => stream.fail('decoder_crash', 'the decoder process is being started again'));
    return stream;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer();
    const child = this.child;
    if (!child) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    if (child.connected) child.disconnect();
    const kill = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await gone;
    clearTimeout(kill);
  }

  private start(): void {
    const { clock } = this.options;
    const env = Object.fromEntries(
      ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    const child = fork(compiled('src/capture/decoder/main'), [], {
      serialization: 'advanced',
      execArgv: ['--max-old-space-size=256', '--max-semi-space-size=2'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env,
    });
    this.child = child;
    this.startedAt = this.answeredAt = clock.now();
    child.on('message', (answer: FromDecoder) => {
      this.answeredAt = clock.now();
      this.streams.get(answer.id)?.answered(answer);
    });
    child.on('error', () => this.gone(child, 'could not be started'));
    child.on('exit', (code, signal) => this.gone(child, signal ?? `exit code ${code}`));
    this.watch();
  }

  private send(message: ToDecoder): void {
    // A failure to send is a dying process: its exit follows and tells the streams.
    if (this.child?.connected) this.child.send(message, () => undefined);
  }

  private gone(child: ChildProcess, why: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    this.cancelTimer();
    if (this.stopped) return;
    const { clock, log, number, onCrash } = this.options;
    const busy = [...this.streams.values()].filter(({ pending }) => pending > 0);
    onCrash(busy.map((stream) => this.keys.get(stream)!));
    if (clock.now() - this.startedAt > LIVED_MS) this.crashes = 0;
    const wait = BACK_OFF[Math.min(this.crashes++, BACK_OFF.length - 1)]!;
    log.warn(
      { decodeur: number, raison: why, stations: this.streams.size, reprise_ms: wait },
      'Un processus de décodage est tombé ; il va être relancé',
    );
    this.cancelTimer = clock.after(wait, () => this.start());
    for (const stream of [...this.streams.values()]) {
      stream.fail('decoder_crash', `the decoder process died: ${why}`);
    }
  }

  private watch(): void {
    const { clock } = this.options;
    this.cancelTimer = clock.after(WATCH_MS, () => {
      const waiting = [...this.streams.values()].some(({ pending }) => pending > 0);
      if (!waiting) this.answeredAt = clock.now();
      if (waiting && clock.now() - this.answeredAt > HANGS_MS) this.child?.kill('SIGKILL');
      this.watch();
    });
  }
}
