import { type ChildProcess, fork } from 'node:child_process';
import { AppError } from '../../errors';
import { compiled } from '../../paths';
import type { Analysed, Answer, Hashed, Task } from './messages';

interface Waiting {
  readonly task: Task;
  resolve(result: Hashed | Analysed): void;
  reject(error: AppError): void;
}

interface Worker {
  readonly child: ChildProcess;
  current: Waiting | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Processes that read audio files, started when there is work and ended when there is none for a while. */
export class AnalyserPool {
  private readonly workers = new Set<Worker>();
  private readonly queue: Waiting[] = [];
  private nextId = 1;
  private stopped = false;

  constructor(
    private readonly options: {
      /** At most so many at a time. */
      readonly processes: number;
      /** A file that takes longer is given up, ms. */
      readonly timeoutMs?: number;
      /** A process without work ends after this time, ms. */
      readonly idleMs?: number;
    },
  ) {}

  /** SHA-256 and size of a file. @throws AppError `unreadable_file` (422) */
  hash(path: string): Promise<Hashed> {
    return this.enqueue('hash', path) as Promise<Hashed>;
  }

  /** Tags and fingerprint of a file. @throws AppError `unreadable_audio`, `unreadable_file` (422) */
  analyse(path: string): Promise<Analysed> {
    return this.enqueue('analyse', path) as Promise<Analysed>;
  }

  /** Processes at work or idle, for whoever counts CPU and memory. */
  pids(): number[] {
    return [...this.workers].flatMap(({ child }) => child.pid ?? []);
  }

  /** Ends all processes; what they were at is refused. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const waiting of this.queue.splice(0)) waiting.reject(interrupted());
    await Promise.all(
      [...this.workers].map(
        ({ child }) =>
          new Promise<void>((resolve) => {
            if (child.exitCode !== null || child.signalCode !== null) return resolve();
            child.once('exit', () => resolve());
            child.kill('SIGKILL');
          }),
      ),
    );
  }

  private enqueue(kind: Task['kind'], path: string): Promise<Hashed | Analysed> {
    if (this.stopped) return Promise.reject(interrupted());
    return new Promise((resolve, reject) => {
      this.queue.push({ task: { id: this.nextId++, kind, path }, resolve, reject });
      this.assign();
    });
  }

  private assign(): void {
    while (this.queue.length > 0 && !this.stopped) {
      const idle = [...this.workers].find(({ current }) => current === undefined);
      const worker = idle ?? (this.workers.size < this.options.processes ? this.start() : undefined);
      if (!worker) return;
      const waiting = this.queue.shift()!;
      clearTimeout(worker.timer);
      worker.current = waiting;
      worker.child.ref();
      worker.child.channel?.ref();
      worker.timer = setTimeout(() => {
        this.settle(worker, (task) => task.reject(unreadable('délai dépassé', 'it took too long')));
        worker.child.kill('SIGKILL');
      }, this.options.timeoutMs ?? 600_000);
      worker.child.send(waiting.task);
    }
  }

  private start(): Worker {
    const child = fork(compiled('src/library/analyser/worker'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Not the service's own: it loads the observation of the service.
      execArgv: [],
    });
    const worker: Worker = { child, current: undefined, timer: undefined };
    this.workers.add(worker);
    child.on('message', (answer: Answer) => {
      if (answer.id !== worker.current?.task.id) return;
      this.settle(worker, (task) => {
        if ('result' in answer) task.resolve(answer.result);
        else task.reject(new AppError(answer.error.code, answer.error.status, answer.error.phrase));
      });
      this.rest(worker);
      this.assign();
    });
    const gone = () => {
      this.workers.delete(worker);
      this.settle(worker, (task) =>
        task.reject(
          this.stopped
            ? interrupted()
            : unreadable("le décodeur s'est arrêté dessus", 'the decoder crashed on it'),
        ),
      );
      this.assign();
    };
    child.once('error', gone);
    child.once('exit', gone);
    return worker;
  }

  private settle(worker: Worker, how: (waiting: Waiting) => void): void {
    clearTimeout(worker.timer);
    const { current } = worker;
    worker.current = undefined;
    if (current) how(current);
  }

  /** An idle process holds nobody up, and ends after a while. */
  private rest(worker: Worker): void {
    worker.child.unref();
    worker.child.channel?.unref();
    worker.timer = setTimeout(() => {
      this.workers.delete(worker);
      worker.child.disconnect();
    }, this.options.idleMs ?? 60_000).unref();
  }
}

function unreadable(fr: string, en: string): AppError {
  return new AppError('unreadable_audio', 422, {
    fr: `Fichier audio illisible : ${fr}.`,
    en: `Unreadable audio file: ${en}.`,
  });
}

function interrupted(): AppError {
  return new AppError('import_interrupted', 503, {
    fr: "L'importation a été interrompue.",
    en: 'The import was interrupted.',
  });
}
