import { registerCollector } from '../../otel/metrics/collectors';
import type { LibraryStore } from './store';

/**
 * Shows how many tracks (duplicates included) and artists the library has. While the database is away there is no such
 * number: then the gauges are absent, and `sodav_collector_success{collector="library"}` is 0.
 * @returns takes the gauges away again
 */
export function observeLibrary(store: Pick<LibraryStore, 'counts'>): () => void {
  return registerCollector({
    name: 'library',
    metrics: ['trackCount', 'artistCount'],
    async collect(observe) {
      const { tracks, artists } = await store.counts();
      observe('trackCount', tracks);
      observe('artistCount', artists);
    },
  });
}
