import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { encodeAudio, scale } from '../../test/support/audio';
import { Ear, until } from '../../test/support/ear';
import { Radio } from '../../test/support/radio';
import { DecoderPool } from '../capture/decoder/pool';
import { clockAtRate } from '../clock';
import { Supervisor } from './supervisor';
import type { Station, StationStatus } from './types';

const RATE = 8;
const log = pino({ level: 'silent' });
let pool: DecoderPool;
let radio: Radio;
let supervisor: Supervisor;
let ear: Ear;
let states: [number, StationStatus][];
let heardAt: Map<string, number>;
let mp3: Buffer;

beforeAll(() => {
  pool = new DecoderPool({ processes: 1, log });
  mp3 = encodeAudio('mp3', { seconds: 10 });
});
afterAll(() => pool.stop());
beforeEach(async () => {
  radio = await new Radio().start();
  ear = new Ear();
  states = [];
  heardAt = new Map();
  const onState = (id: number, status: StationStatus) => {
    states.push([id, status]);
    heardAt.set(status.state, ear.heard / 8000);
  };
  supervisor = new Supervisor({ decoders: pool, sink: ear, clock: clockAtRate(RATE), log, onState });
});
afterEach(async () => {
  await supervisor.stop();
  await radio.stop();
});

const station = (url: string, change: Partial<Station> = {}): Station => ({
  id: 1,
  name: 'Essai FM',
  url,
  paused: false,
  simulated: false,
  ...change,
});
const live = (bytes = mp3, seconds = 10) => ({
  bytes,
  contentType: 'audio/mpeg',
  pace: (bytes.length / seconds) * RATE,
});
const names = () => states.map(([, { state }]) => state);

test('starting, listening, paused, listening again: each told once, with since and reason', async () => {
  const url = radio.air('/live', live());
  supervisor.apply(station(url));
  expect(supervisor.status(1)).toMatchObject({ state: 'starting', reconnectsToday: 0 });
  await until(() => supervisor.status(1)?.state === 'listening');
  // The share grows from nothing: the first connection has taken its time.
  await until(() => (supervisor.status(1)?.coverageToday ?? 0) > 0.5);
  // Audio goes on coming, a second at a time.
  await until(() => (supervisor.status(1)?.lastAudioAt ?? 0) > supervisor.status(1)!.since);
  const status = supervisor.status(1)!;
  expect(status).toMatchObject({ codec: 'mp3', reason: 'le flux est entendu' });
  expect(status.lastAudioAt).toBeGreaterThan(status.since - 1);
  expect(status.coverageToday).toBeLessThanOrEqual(1);

  supervisor.apply(station(url, { paused: true }));
  expect(supervisor.status(1)).toMatchObject({ state: 'paused', reason: 'mise en pause' });
  await until(() => ear.ended.length === 1);
  expect(ear.ended[0]!.fault).toBeUndefined();
  const heard = ear.chunks.length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(ear.chunks.length).toBe(heard);
  expect(supervisor.status(1)!.state).toBe('paused');

  supervisor.apply(station(url));
  await until(() => supervisor.status(1)?.state === 'listening');
  expect(names()).toEqual(['starting', 'listening', 'paused', 'starting', 'listening']);
  expect(ear.started).toHaveLength(2);
});

test('a dead station is lost, with the reason in French, and gives no audio at all', async () => {
  supervisor.apply(station(radio.on('/gone', (_, response) => response.writeHead(404).end())));
  await until(() => (supervisor.status(1)?.reconnectsToday ?? 0) >= 2);
  expect(supervisor.status(1)).toMatchObject({
    state: 'lost',
    reason: 'le serveur refuse le flux (HTTP 404)',
  });
  expect(supervisor.status(1)!.lastAudioAt).toBeUndefined();
  await until(() => supervisor.status(1)?.coverageToday === 0);
  expect(ear.order.every((event) => event === 'failed')).toBe(true);
  expect(names()).toEqual(['starting', 'lost']);
});

test('a station that carries silence is silent after 20 s, and its audio is passed on as it is', async () => {
  const sound = scale(4, 44_100);
  const samples = new Int16Array(44_100 * 40);
  samples.set(sound);
  const bytes = encodeAudio('mp3', { samples });
  supervisor.apply(station(radio.air('/quiet', { ...live(bytes, 40), once: true })));
  await until(() => supervisor.status(1)?.state === 'silent');
  const heardS = heardAt.get('silent')!;
  expect(heardS).toBeGreaterThan(23);
  expect(heardS).toBeLessThan(27);
});

test('another address takes effect at once; the first session ends before the second begins', async () => {
  supervisor.apply(station(radio.air('/one', live())));
  await until(() => ear.started.length === 1);
  supervisor.apply(station(radio.air('/two', live())));
  await until(() => ear.started.length === 2);
  expect(ear.started[1]!.url).toContain('/two');
  expect(ear.order.filter((event) => event !== 'audio')).toEqual(['started', 'ended', 'started']);
  supervisor.apply(station(`${radio.address}/two`, { name: 'Autre nom' }));
  expect(supervisor.status(1)!.state).not.toBe('starting');
  await supervisor.remove(1);
  expect(supervisor.status(1)).toBeUndefined();
  expect(ear.order.at(-1)).toBe('ended');
});
