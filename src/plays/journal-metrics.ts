import { registerCollector } from '../../otel/metrics/collectors';
import type { PlayLog } from './log';

/** Shows how much waits in the journal. @returns takes that away again */
export function observeJournal(plays: PlayLog): () => void {
  return registerCollector({
    name: 'journal',
    metrics: ['journalEntries', 'journalBytes'],
    collect(observe) {
      const { entries, bytes } = plays.pending();
      observe('journalEntries', entries);
      observe('journalBytes', bytes);
    },
  });
}
