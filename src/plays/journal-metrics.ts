import { registerCollector } from '../../otel/metrics/collectors';
import type { PlayLog } from './log';

/** Shows how much waits in the journal. */
export function observeJournal(plays: PlayLog): void {
  registerCollector({
    name: 'journal',
    metrics: ['journalEntries', 'journalBytes'],
    collect(observe) {
      const { entries, bytes } = plays.pending();
      observe('journalEntries', entries);
      observe('journalBytes', bytes);
    },
  });
}
