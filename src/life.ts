import { EXIT, explain } from './command';
import type { Logger } from './log';
import { Stoppers } from './stoppers';

/** What a program that runs until it is told to stop gives to what it starts. */
export interface Life {
  /** What was started, to be stopped in the opposite order. */
  readonly stoppers: Stoppers;
  /** Aborted when the end begins: who waits for something waits no longer. */
  readonly ending: AbortSignal;
  /** Ends it as failed, so that whoever watches over it starts it again. */
  leave(): void;
}

/**
 * Runs a program until a signal ends it: its status is 0 then. A start that fails ends it with one clear line. Whatever
 * ends it, what was started is stopped; only an error that nobody foresaw ends it at once.
 */
export async function live(log: Logger, run: (life: Life) => Promise<void>): Promise<void> {
  const stoppers = new Stoppers();
  const ending = new AbortController();
  let leaving: Promise<never> | undefined;
  const leave = (status: number) => {
    ending.abort(new Error('arrêt demandé'));
    leaving ??= stoppers.run(log).then(() => process.exit(status));
    return leaving;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      log.info(`Arrêt demandé (${signal}) : les diffusions en cours sont gardées`);
      void leave(0);
    });
  }
  process.on('uncaughtException', (error) => {
    log.fatal(
      { err: error },
      'Erreur imprévue : le service s’arrête, rien de ce qui est enregistré n’est perdu',
    );
    process.exit(1);
  });
  try {
    await run({ stoppers, ending: ending.signal, leave: () => void leave(EXIT.failed) });
  } catch (error) {
    if (!ending.signal.aborted) {
      log.debug({ err: error }, 'démarrage impossible');
      console.error(explain(error));
    }
    await leave(EXIT.failed);
  }
}
