import { registerCollector } from '../../otel/metrics/collectors';
import { trackDetection } from '../../otel/metrics/decorators';
import { instruments } from '../../otel/metrics/instruments';
import type { Budget } from './budget';
import type { LocalRecognizer } from './local/recognizer';
import type { Attempt } from './local/tracker';
import { skipped } from './stage-outcome';
import type { OutsideMethod, Stages } from './stages';
import type { StageOutcome } from './types';

/** One search of the library on one window of one station. */
export function countLocalAttempt({ status, seconds, confidence }: Attempt): void {
  instruments.detections.add(1, { detection_method: 'local', status });
  instruments.detectionDuration.record(seconds, { detection_method: 'local' });
  if (confidence !== undefined)
    instruments.detectionConfidence.record(confidence, { detection_method: 'local' });
}

/**
 * One attempt of a stage is one observation, however many requests it took. What `stop` breaks off is counted as skipped.
 * @throws what `ask` throws
 */
export async function countedAttempt(
  method: OutsideMethod,
  ask: () => Promise<StageOutcome>,
): Promise<StageOutcome> {
  let broken: { error: unknown } | undefined;
  const outcome = await trackDetection({ method })(async () => {
    try {
      return await ask();
    } catch (error) {
      broken = { error };
      return skipped(method, 'interrompu');
    }
  })();
  if (broken) throw broken.error;
  return outcome;
}

/**
 * Gives the gauges of the recognition at every scrape. What is left of AudD's budget is in the database: it has a
 * collector of its own, and is absent where AudD is off.
 * @returns takes them away again
 */
export function observeRecognition(sources: {
  readonly recognizer: Pick<LocalRecognizer, 'stats'>;
  readonly stages: Pick<Stages, 'queueLengths'>;
  readonly budget?: Budget | undefined;
}): () => void {
  const { recognizer, stages, budget } = sources;
  const removals = [
    registerCollector({
      name: 'recognition',
      metrics: ['recognitionBacklog', 'recognitionQueue', 'indexTracks', 'indexBytes', 'indexBuilt'],
      collect(observe) {
        const { tracks, bytes, builtAt, backlogS } = recognizer.stats();
        observe('recognitionBacklog', backlogS);
        for (const [stage, length] of Object.entries(stages.queueLengths())) {
          observe('recognitionQueue', length, { stage: stage as 'acoustid' | 'audd' });
        }
        observe('indexTracks', tracks);
        observe('indexBytes', bytes);
        if (builtAt !== undefined) observe('indexBuilt', builtAt / 1000);
      },
    }),
  ];
  if (budget) {
    removals.push(
      registerCollector({
        name: 'audd',
        metrics: ['auddBudget'],
        async collect(observe) {
          observe('auddBudget', await budget.remaining());
        },
      }),
    );
  }
  return () => {
    for (const remove of removals) remove();
  };
}
