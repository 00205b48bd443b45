import { expect, test } from 'vitest';
import type { ImportProgress } from './folder-import';
import { duration, progressLine } from './progress-line';

test.each([
  [0.4, '0 s'],
  [59, '59 s'],
  [192, '3 min 12 s'],
  [7_500, '2 h 5 min'],
])('%d s is %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('says how far, how fast and how long yet', () => {
  const progress: ImportProgress = {
    ...{ total: 10, totalBytes: 1_000, done: 4, doneBytes: 250, audioS: 960, warnings: [], twins: [] },
    counts: { imported: 2, duplicate: 0, known: 1, refreshed: 0 },
    problems: [{ path: 'x', reason: 'y' }],
  };
  expect(progressLine(progress, 4)).toBe(
    '4/10 fichiers · 240 × temps réel · reste 12 s · 1 déjà là · 1 refusé',
  );
  expect(progressLine({ ...progress, done: 0, doneBytes: 0, audioS: 0 }, 0.2)).toBe(
    '0/10 fichiers · 1 déjà là · 1 refusé',
  );
});
