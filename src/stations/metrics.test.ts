import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { renderMetrics, shutdownTelemetry, startTelemetry } from '../../otel/telemetry';
import { encodeAudio } from '../../test/support/audio';
import { Ear, until } from '../../test/support/ear';
import { Radio } from '../../test/support/radio';
import { DecoderPool } from '../capture/decoder/pool';
import { clockAtRate } from '../clock';
import { stationMetrics } from './metrics';
import { Supervisor } from './supervisor';

const RATE = 8;
const log = pino({ level: 'silent' });
let pool: DecoderPool;
let radio: Radio;
let supervisor: Supervisor;
let ear: Ear;
const clock = clockAtRate(RATE);

beforeAll(() => {
  startTelemetry();
});
afterAll(shutdownTelemetry);
beforeEach(async () => {
  pool = new DecoderPool({ processes: 1, log });
  radio = await new Radio().start();
  ear = new Ear();
  supervisor = new Supervisor({ decoders: pool, sink: ear, clock, log });
});
afterEach(async () => {
  await supervisor.stop();
  await pool.stop();
  await radio.stop();
});

/** Values of a fresh scrape, by series. */
async function scrape(): Promise<Map<string, number>> {
  const text = await renderMetrics({ fresh: true });
  const lines = text.split('\n').filter((line) => line.startsWith('sodav_'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

test('the scrape says what the stations do, and what was heard', async () => {
  const mp3 = encodeAudio('mp3', { seconds: 10 });
  const live = radio.air('/live', { bytes: mp3, contentType: 'audio/mpeg', pace: (mp3.length / 10) * RATE });
  const gone = radio.on('/gone', (_, response) => response.writeHead(404).end());
  const station = { paused: false, simulated: false };
  supervisor.apply({ ...station, id: 1, name: 'Dakar FM', url: live });
  supervisor.apply({ ...station, id: 2, name: 'Perdue', url: gone });
  supervisor.apply({ ...station, id: 3, name: 'En pause', url: live, paused: true });
  const remove = stationMetrics({
    supervisor,
    clock,
    lastDetectionAt: (id) => (id === 1 ? 1_700_000_000_000 : undefined),
  });
  await until(
    () => (supervisor.status(1)?.coverageToday ?? 0) > 0.5 && supervisor.status(2)?.state === 'lost',
  );
  const values = await scrape();
  expect(values.get('sodav_active_stations')).toBe(1);
  const count = (state: string) => values.get(`sodav_stations{state="${state}"}`);
  expect(['starting', 'listening', 'silent', 'lost', 'paused'].map(count)).toEqual([0, 1, 0, 1, 1]);
  expect(values.get('sodav_station_state{station="Dakar FM",state="listening"}')).toBe(1);
  expect(values.get('sodav_station_state{station="Dakar FM",state="lost"}')).toBe(0);
  expect(values.get('sodav_station_state{station="Perdue",state="lost"}')).toBe(1);
  expect(values.get('sodav_station_last_detection_timestamp_seconds{station="Dakar FM"}')).toBe(
    1_700_000_000,
  );
  const lastAudio = values.get('sodav_station_last_audio_timestamp_seconds{station="Dakar FM"}')!;
  expect(Math.abs(lastAudio - clock.now() / 1000)).toBeLessThan(60);
  expect(values.has('sodav_station_last_audio_timestamp_seconds{station="Perdue"}')).toBe(false);
  expect(values.has('sodav_station_last_detection_timestamp_seconds{station="Perdue"}')).toBe(false);
  const coverage = values.get('sodav_station_coverage_ratio{station="Dakar FM"}')!;
  expect(coverage).toBeGreaterThan(0.4);
  expect(coverage).toBeLessThanOrEqual(1);
  expect(values.get('sodav_station_reconnects{station="Perdue"}')).toBeGreaterThan(0);
  expect(values.get('sodav_stream_reconnects_total{reason="http_error"}')).toBeGreaterThan(0);
  expect(values.get('sodav_collector_success{collector="stations"}')).toBe(1);

  await supervisor.remove(1);
  const heardS = ear.samples().length / 8000;
  expect((await scrape()).get('sodav_audio_heard_seconds_total')).toBeCloseTo(heardS, 1);
  remove();
  expect((await scrape()).has('sodav_active_stations')).toBe(false);
});

test('a killed decoder is counted, and the station heard again', async () => {
  const mp3 = encodeAudio('mp3', { seconds: 10 });
  const url = radio.air('/live', { bytes: mp3, contentType: 'audio/mpeg', pace: (mp3.length / 10) * RATE });
  supervisor.apply({ id: 1, name: 'Dakar FM', url, paused: false, simulated: false });
  await until(() => ear.chunks.length > 0);
  const before = await scrape();
  process.kill(pool.pids()[0]!, 'SIGKILL');
  await until(() => ear.started.length === 2);
  const grown = async (series: string) => ((await scrape()).get(series) ?? 0) - (before.get(series) ?? 0);
  expect(await grown('sodav_decoder_restarts_total')).toBe(1);
  expect(await grown('sodav_stream_reconnects_total{reason="decoder_crash"}')).toBeGreaterThanOrEqual(1);
  expect(ear.ended[0]!.fault).toBe('decoder_crash');
});
