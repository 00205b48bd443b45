import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { mix, music } from '../../../test/support/airplay';
import type { RecognitionReport } from '../types';
import { fingerprintOf } from './fingerprint';
import { LocalRecognizer } from './recognizer';
import type { Attempt } from './tracker';

const songs = Array.from({ length: 6 }, (_, i) => music(300 + i, 45));
const log = pino({ level: 'silent' });
let recognizer: LocalRecognizer;

function start(threads = 1) {
  const reports: RecognitionReport[] = [];
  const attempts: Attempt[] = [];
  const dropped: { seconds: number; reason: string }[] = [];
  const drained = new Set<string>();
  recognizer = new LocalRecognizer({
    threads,
    log,
    onReport: (report) => reports.push(report),
    onAttempt: (attempt) => attempts.push(attempt),
    onDropped: (seconds, reason) => dropped.push({ seconds, reason }),
    onDrained: (sessionId) => drained.add(sessionId),
  });
  return { reports, attempts, dropped, drained };
}

afterEach(() => recognizer.stop());

function play(stationId: number, sessionId: string, air: Int16Array): void {
  recognizer.sessionStarted({ stationId, sessionId, codec: 'mp3', url: 'http://example.test/' });
  for (let at = 0; at < air.length; at += 8000) {
    const samples = air.slice(at, at + 8000);
    recognizer.audio({ stationId, sessionId, firstSample: at, samples, sampleZeroAt: 0 });
  }
}

function end(stationId: number, sessionId: string, samples: number): void {
  recognizer.sessionEnded({ stationId, sessionId, detail: 'end', samples });
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const tracksIn = (reports: RecognitionReport[], stationId: number) => [
  ...new Set(reports.filter((r) => r.stationId === stationId).flatMap((r) => r.lines.map((l) => l.trackId))),
];

test('recognises several stations on threads, and counts every attempt', async () => {
  const seen = start(2);
  await recognizer.replaceTracks(
    songs.map((audio, i) => ({ trackId: i, fingerprint: fingerprintOf(audio) })),
  );
  for (let station = 0; station < 4; station++) play(station, `s${station}`, songs[station]!);
  for (let station = 0; station < 4; station++) end(station, `s${station}`, songs[station]!.length);
  await until(() => seen.drained.size === 4);
  for (let station = 0; station < 4; station++) expect(tracksIn(seen.reports, station)).toEqual([station]);
  expect(seen.attempts.filter((a) => a.status === 'success')).toHaveLength(4);
  expect(seen.attempts.filter((a) => a.status === 'success').every((a) => a.confidence! > 0.9)).toBe(true);
  expect(seen.attempts.filter((a) => a.status === 'no_match').every((a) => a.confidence === undefined)).toBe(
    true,
  );
  expect(recognizer.stats()).toMatchObject({ tracks: 6, backlogS: 0 });
});

test('takes tracks in and out while it runs', async () => {
  const seen = start();
  await recognizer.replaceTracks([{ trackId: 1, fingerprint: fingerprintOf(songs[0]!) }]);
  play(1, 'a', songs[1]!);
  end(1, 'a', 0);
  await until(() => seen.drained.has('a'));
  expect(tracksIn(seen.reports, 1)).toEqual([]);
  recognizer.addTrack({ trackId: 2, fingerprint: await recognizer.fingerprint(songs[1]!) });
  recognizer.removeTrack(1);
  await recognizer.settled();
  play(2, 'b', songs[1]!);
  play(3, 'c', songs[0]!);
  end(2, 'b', 0);
  end(3, 'c', 0);
  await until(() => seen.drained.size === 3);
  expect(tracksIn(seen.reports, 2)).toEqual([2]);
  expect(tracksIn(seen.reports, 3)).toEqual([]);
});

test('a damaged fingerprint is left out, the rest is taken', async () => {
  start();
  const good = fingerprintOf(songs[0]!);
  const data = Uint8Array.from(good.data);
  data[5]! ^= 1;
  await recognizer.replaceTracks([
    { trackId: 1, fingerprint: { ...good, data } },
    { trackId: 2, fingerprint: good },
  ]);
  expect(recognizer.stats().tracks).toBe(1);
});

test('finds a recording that is already in the library, as it is and as another edit', async () => {
  start();
  await recognizer.replaceTracks(
    songs.slice(0, 4).map((a, i) => ({ trackId: i, fingerprint: fingerprintOf(a) })),
  );
  const copy = mix(45, [{ audio: songs[2]!, atS: 0, gain: 0.5 }]);
  expect(await recognizer.findDuplicate(fingerprintOf(copy))).toMatchObject({ trackId: 2 });
  const edit = await recognizer.findDuplicate(
    fingerprintOf(mix(42, [{ audio: songs[3]!, atS: 2, toS: 40 }])),
  );
  expect(edit).toMatchObject({ trackId: 3 });
  expect(Math.abs(edit!.offsetS - 2)).toBeLessThan(0.5);
  expect(await recognizer.findDuplicate(fingerprintOf(songs[5]!))).toBeUndefined();
});

test('overload: what does not fit is counted as not heard, and recognition takes up again', async () => {
  const seen = start();
  await recognizer.replaceTracks(
    songs.map((audio, i) => ({ trackId: i, fingerprint: fingerprintOf(audio) })),
  );
  const air = mix(240, [
    { audio: songs[0]!, atS: 0 },
    { audio: songs[1]!, atS: 190 },
  ]);
  recognizer.sessionStarted({ stationId: 1, sessionId: 'x', codec: 'mp3', url: 'http://example.test/' });
  const send = (fromS: number, toS: number) => {
    for (let at = fromS * 8000; at < toS * 8000; at += 8000) {
      const samples = air.slice(at, at + 8000);
      recognizer.audio({ stationId: 1, sessionId: 'x', firstSample: at, samples, sampleZeroAt: 0 });
    }
  };
  send(0, 180);
  expect(seen.dropped.reduce((sum, d) => sum + d.seconds, 0)).toBe(120);
  await until(() => recognizer.stats().backlogS === 0);
  send(180, 240);
  end(1, 'x', air.length);
  await until(() => seen.drained.has('x'));
  expect(tracksIn(seen.reports, 1)).toEqual([0, 1]);
  const last = seen.reports.flatMap((r) => r.lines).findLast((line) => line.trackId === 1)!;
  expect(Math.abs(last.startS - 190)).toBeLessThan(0.6);
  const ids = seen.reports.flatMap((r) => r.lines).map((line) => `${line.lineId}:${line.trackId}`);
  expect(new Set(ids).size).toBe(2);
});
