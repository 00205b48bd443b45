import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { air } from '../../test/support/air';
import { reportsOf, seeded } from '../../test/support/heard-programme';
import { song } from '../../test/support/segmenter-station';
import { playOf } from '../../test/support/stored-plays';
import { scrape } from '../../test/support/telemetry';
import { systemClock } from '../clock';
import { observeJournal } from './journal-metrics';
import { PlayLog, type PlayWriter } from './log';
import { PlayPipeline } from './pipeline';

const log = pino({ level: 'silent' });
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sodav-plays-metrics-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('plays and unidentified seconds are counted at their end, what waits is shown', async () => {
  let away = true;
  const store: PlayWriter = {
    write: async () => {
      if (away) throw new Error('Connection terminated');
    },
  };
  const plays = await PlayLog.open({ folder, store, maxBytes: 1e7, log });
  const unobserve = observeJournal(plays);
  const recognizer = { sessionStarted() {}, audio() {}, sessionEnded() {} };
  const noPlays = { openPlays: async () => [], identified: async () => playOf({ stationId: 1, trackId: 1 }) };
  const pipeline = new PlayPipeline({ recognizer, plays, store: noPlays, clock: systemClock, log });
  const aired = [song(5, 10, 100), song(undefined, 100, 160), song(undefined, 200, 210), song(6, 250, 350)];
  const reports = reportsOf(aired, 320, seeded(1), { stationId: 1, sessionId: 'a' });
  air(pipeline, reports, Date.UTC(2026, 10, 1, 8), { fault: 'stall' });
  // Recorded after all that the pipeline has: once it is on disk, so are they.
  await plays.record(playOf({ stationId: 2, trackId: 1 }));
  expect(plays.pending().entries).toBeGreaterThan(3);

  const before = await scrape();
  expect(before.sum('sodav_plays_total', { kind: 'track', status: 'complete' })).toBe(1);
  expect(before.sum('sodav_plays_total', { kind: 'unknown', status: 'complete' })).toBe(1);
  // Song 6 waits for the stream's return.
  expect(before.sum('sodav_plays_total')).toBe(2);
  expect(Math.abs(before.sum('sodav_unidentified_music_seconds_total') - 70)).toBeLessThan(1.5);
  expect(before.sum('sodav_play_journal_entries')).toBe(plays.pending().entries);
  expect(before.sum('sodav_play_journal_bytes')).toBe(plays.pending().bytes);
  expect(plays.pending().bytes).toBeGreaterThan(500);

  away = false;
  await plays.flushed();
  expect((await scrape()).sum('sodav_play_journal_entries')).toBe(0);
  await pipeline.stop();
  await plays.stop();
  unobserve();
});

test('a play that is taken back is counted as that, and as nothing else', async () => {
  const plays = await PlayLog.open({ folder, store: { write: async () => undefined }, maxBytes: 1e7, log });
  const recognizer = { sessionStarted() {}, audio() {}, sessionEnded() {} };
  const noPlays = { openPlays: async () => [], identified: async () => playOf({ stationId: 1, trackId: 1 }) };
  const pipeline = new PlayPipeline({ recognizer, plays, store: noPlays, clock: systemClock, log });
  const counts = async () => {
    const now = await scrape();
    return ['track', 'unknown'].flatMap((kind) =>
      ['complete', 'cut', 'withdrawn'].map((status) => now.sum('sodav_plays_total', { kind, status }) ?? 0),
    );
  };
  const before = await counts();
  const aired = [song(undefined, 10, 150), song(9, 60, 100)];
  const reports = reportsOf(aired, 260, seeded(1), { stationId: 1, sessionId: 'a' }).map((report) => ({
    ...report,
    lines: report.lines.map((line) => (line.closed ? { ...line, confidence: 0.02 } : line)),
  }));
  air(pipeline, reports, Date.UTC(2026, 10, 1, 8), { fault: 'stall' });
  await plays.flushed();
  const after = await counts();
  expect(after.map((count, i) => count - before[i]!)).toEqual([0, 0, 1, 2, 0, 0]);
  await pipeline.stop();
  await plays.stop();
});
