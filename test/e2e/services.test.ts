import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeFile } from '../../src/capture/decode-file';
import type { PlayView } from '../../src/http/play-view';
import { chromaprintOf } from '../../src/recognition/chromaprint';
import { bitErrorRate, chromaprintItems } from '../../src/recognition/chromaprint-items';
import { type Simulator, startSimulator } from '../../src/simulator/client';
import type { Recording } from '../../src/simulator/repertoire';
import { type AcoustIdServer, startAcoustIdServer } from '../support/acoustid-server';
import { type AuddServer, startAuddServer } from '../support/audd-server';
import { runCommand } from '../support/command';
import { freshDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { Service } from '../support/service-process';

const RATE = 5;
const ISRC = 'SNA012600001';

interface PlayDetail extends PlayView {
  readonly revisions: readonly { readonly kind: string; readonly status: string }[];
}

/** A station that plays two songs in turn, of which the library gets one. */
interface Aired {
  readonly simulator: Simulator;
  readonly held: { readonly recording: Recording; readonly file: string };
  readonly foreign: { readonly recording: Recording; readonly file: string };
}

const folder = mkdtempSync(join(tmpdir(), 'sodav-e2e-services-'));
const origin = Date.now();
let database: Awaited<ReturnType<typeof freshDatabase>>;
let air: Aired[] = [];
let acoustid: AcoustIdServer;
let audd: AuddServer;
let service: Service;

async function onAir(seed: number): Promise<Aired> {
  const simulator = await startSimulator({
    ...{ rate: RATE, origin, seed, stations: 1, codecs: 'mp3', tracks: 2, unknown: 0 },
    ...{ minSeconds: 40, maxSeconds: 50 },
  });
  const files = await simulator.writeLibrary(join(folder, `musique-${seed}`));
  const recordings = await simulator.library();
  return {
    simulator,
    held: { recording: recordings[0]!, file: files[0]! },
    foreign: { recording: recordings[1]!, file: files[1]! },
  };
}

/** A recording as AcoustID gives it. */
function musicBrainz({ title, artists, durationMs }: Recording): Record<string, unknown> {
  return {
    id: 'cd2e7c47-16f5-46c6-a37c-a1eb7bf599ff',
    title,
    duration: Math.round(durationMs / 1_000),
    artists: [{ id: '6d7b7cd4-254b-4c25-83f6-dd20f98ceacd', name: artists[0] }],
    sources: 12,
  };
}

/** Tells by real fingerprints whether something heard is a part of this recording: what the services do. */
async function earFor(file: string): Promise<(fingerprint: string) => boolean> {
  const whole = chromaprintItems(await chromaprintOf(decodeFile(readFileSync(file)).samples));
  return (fingerprint) => {
    const heard = chromaprintItems(fingerprint);
    // Where at least half of it lies within the recording. Different recordings differ in about half of their bits.
    const first = -Math.floor(heard.length / 2);
    const offsets = Array.from({ length: whole.length }, (_, i) => first + i);
    return offsets.some((offset) => bitErrorRate(whole, heard, offset) < 0.25);
  };
}

beforeAll(async () => {
  database = await freshDatabase();
  air = [await onAir(1), await onAir(2)];
  const [first, second] = [air[0]!.foreign, air[1]!.foreign];
  const isFirst = await earFor(first.file);
  acoustid = await startAcoustIdServer({
    identify: ({ fingerprint }) =>
      isFirst(fingerprint)
        ? { kind: 'match', results: [{ score: 0.97, recordings: [musicBrainz(first.recording)] }] }
        : { kind: 'no_match' },
  });
  const isSecond = await earFor(second.file);
  const { artists, title, album, label } = second.recording;
  const result = { artist: artists[0], title, album, label, timecode: '00:12', deezer: { isrc: ISRC } };
  audd = await startAuddServer({
    identify: async ({ wav, sampleRate }) =>
      isSecond(
        await chromaprintOf(new Int16Array(wav.buffer.slice(wav.byteOffset + 44)), { rate: sampleRate }),
      )
        ? { kind: 'match', result }
        : { kind: 'no_match' },
  });
}, 300_000);
afterAll(async () => {
  await service?.stop();
  for (const { simulator } of air) await simulator.stop();
  await acoustid?.close();
  await audd?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

test('music that AcoustID or AudD can name is asked about once, and recognised here from then on', async () => {
  const environment = { DATABASE_URL: database.url, DEMO: 'off' };
  const files = air.map(({ held }) => held.file);
  const imported = await runCommand('src/library/import-command', files, {
    ...environment,
    DATA_DIR: folder,
  });
  expect(imported, imported.stderr).toMatchObject({ status: 0 });
  service = await Service.start(join(folder, 'data'), {
    ...environment,
    SODAV_CLOCK_RATE: String(RATE),
    SODAV_CLOCK_ORIGIN: String(origin),
    ACOUSTID_URL: acoustid.url,
    ACOUSTID_KEY: 'test-key',
    AUDD_URL: audd.url,
    AUDD_TOKEN: 'test-token',
  });
  for (const [i, { simulator }] of air.entries()) {
    await service.addStation(`Station ${i}`, (await simulator.stations())[0]!.url);
  }

  const played = (station: string, { recording: { title } }: Aired['foreign'], method: string) =>
    eventually(
      90_000,
      async () =>
        (await service.plays()).find(
          (play) =>
            play.station.name === station &&
            play.track?.title === title &&
            play.method === method &&
            play.status !== 'open',
        ),
      () => `${method} ${title}\n${service.log}`,
    );
  const byAcoustId = await played('Station 0', air[0]!.foreign, 'acoustid');
  const byAudd = await played('Station 1', air[1]!.foreign, 'audd');
  expect(byAcoustId).toMatchObject({ kind: 'track', confidence: 0.97 });
  expect(byAudd).toMatchObject({
    kind: 'track',
    track: { isrc: ISRC, artists: air[1]!.foreign.recording.artists },
  });
  // AudD computes no confidence, so there is none.
  expect(byAudd).not.toHaveProperty('confidence');
  for (const { id } of [byAcoustId, byAudd]) {
    const { revisions } = await service.get<PlayDetail>(`/api/plays/${id}`);
    expect(revisions.at(-1)).toMatchObject({ kind: 'unknown', status: 'complete' });
  }

  // The next airing needs nobody.
  const again = [
    await played('Station 0', air[0]!.foreign, 'local'),
    await played('Station 1', air[1]!.foreign, 'local'),
  ];
  expect(again.map(({ track }) => track!.id)).toEqual([byAcoustId.track!.id, byAudd.track!.id]);

  await countersAgree();
}, 300_000);

/** What was asked, as the servers saw it. */
async function countersAgree(): Promise<void> {
  expect({ asked: acoustid.violations, tooFast: acoustid.tooFast }).toEqual({ asked: [], tooFast: 0 });
  expect(audd.violations).toEqual([]);
  const scrape = await eventually(60_000, async () => {
    const metrics = await service.metrics();
    const total = (api: string) => metrics.sum('sodav_external_api_requests_total', { api });
    return total('acoustid') === acoustid.seen.length && total('audd') === audd.seen.length && metrics;
  });
  const asked = (api: string, status: string) =>
    scrape.value('sodav_external_api_requests_total', { api, status });
  const detected = (detection_method: string, status: string) =>
    scrape.value('sodav_detections_total', { detection_method, status });
  expect(acoustid.seen.length).toBeGreaterThanOrEqual(2);
  expect(asked('acoustid', 'success')).toBe(1);
  expect(asked('acoustid', 'no_match')).toBe(acoustid.seen.length - 1);
  expect(detected('acoustid', 'success')).toBe(1);
  expect(detected('acoustid', 'no_match')).toBe(acoustid.seen.length - 1);
  expect(audd.seen.length).toBe(1);
  expect(asked('audd', 'success')).toBe(1);
  expect(detected('audd', 'success')).toBe(1);
  const confidences = (detection_method: string) =>
    scrape.value('sodav_detection_confidence_count', { detection_method }) ?? 0;
  expect([confidences('acoustid'), confidences('audd')]).toEqual([1, 0]);
  expect(scrape.sum('sodav_external_api_duration_seconds_count', { api: 'audd' })).toBe(1);
  expect(scrape.value('sodav_track_count')).toBe(4);
  expect(scrape.value('sodav_index_tracks')).toBe(4);
}
