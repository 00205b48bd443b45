import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/**
 * One line per event: what happened, in French, with its facts as fields. JSON by default where nobody watches; readable
 * on a terminal. An `error` means that a person must act.
 */
export function createLogger(options: { level: string; format: 'json' | 'pretty' }): Logger {
  if (options.format === 'json') {
    return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  }
  const stream = pretty({
    sync: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  });
  return pino({ level: options.level, base: null }, stream);
}

export type { Logger };
