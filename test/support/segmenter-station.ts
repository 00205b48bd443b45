import { expect } from 'vitest';
import type { Segmented } from '../../src/plays/segmented';
import { Segmenter, type SegmenterOptions } from '../../src/plays/segmenter';
import type { Play } from '../../src/plays/types';
import type { RecognitionReport } from '../../src/recognition/types';
import { type Aired, reportsOf, seeded } from './heard-programme';

/** When second 0 of a session was on the air, ms. */
export const ZERO = Date.UTC(2026, 10, 1, 8);

/** A segmenter with everything that it has given out, revision by revision and as it stands. */
export class Station {
  readonly segmenter: Segmenter;
  readonly written: Play[] = [];
  readonly last = new Map<string, Play>();
  readonly notes: Segmented['notes'][number][] = [];
  unidentifiedS = 0;
  #ids = 0;

  constructor(options: Partial<SegmenterOptions> = {}) {
    this.segmenter = new Segmenter({ stationId: 1, newId: () => `play-${++this.#ids}`, ...options });
  }

  take({ plays, notes, unidentifiedS }: Segmented): void {
    for (const play of plays) {
      expect(play.revision).toBe((this.last.get(play.id)?.revision ?? this.#resumed.get(play.id) ?? 0) + 1);
      expect(play.endedAt).toBeGreaterThanOrEqual(play.startedAt);
      this.written.push(play);
      this.last.set(play.id, play);
    }
    this.notes.push(...notes);
    this.unidentifiedS += unidentifiedS;
  }

  readonly #resumed = new Map<string, number>();

  resume(plays: readonly Play[], nowMs: number): void {
    for (const play of plays) this.#resumed.set(play.id, play.revision);
    this.take(this.segmenter.resume(plays, nowMs));
  }

  hear(reports: readonly RecognitionReport[], zero = ZERO): void {
    for (const report of reports) {
      this.take(this.segmenter.report(report, zero));
      this.take(this.segmenter.tick(zero + report.upToS * 1000));
    }
  }

  end(sessionId: string, totalS: number, nowMs: number, fault?: 'stall'): void {
    const event = {
      stationId: 1,
      sessionId,
      detail: '',
      samples: totalS * 8000,
      ...(fault ? { fault } : {}),
    };
    this.take(this.segmenter.sessionEnded(event, totalS, nowMs));
  }

  plays(kind?: Play['kind']): Play[] {
    return [...this.last.values()]
      .filter((play) => (kind === undefined || play.kind === kind) && play.endedAt > play.startedAt)
      .sort((a, b) => a.startedAt - b.startedAt);
  }
}

/** A song on the air; without a track, one that the library does not hold. */
export const song = (
  trackId: number | undefined,
  fromS: number,
  toS: number,
  more: Partial<Aired> = {},
): Aired => ({
  ...(trackId === undefined ? {} : { trackId }),
  fromS,
  toS,
  refFromS: 0,
  tempo: 1,
  trackDurationS: (toS - fromS) * (more.tempo ?? 1) + (more.refFromS ?? 0),
  hidden: [],
  ...more,
});

/** What the recogniser says of it. */
export const heard = (aired: readonly Aired[], lengthS: number, sessionId = 's1', seed = 7) =>
  reportsOf(aired, lengthS, seeded(seed), { stationId: 1, sessionId });

/** Second of the session. */
export const at = (ms: number) => (ms - ZERO) / 1000;
