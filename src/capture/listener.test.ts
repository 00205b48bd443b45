import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeAudio, heardHz, scaleHz } from '../../test/support/audio';
import { Ear, until } from '../../test/support/ear';
import { Radio } from '../../test/support/radio';
import { SAMPLE_RATE } from '../audio';
import { clockAtRate } from '../clock';
import { DecoderPool } from './decoder/pool';
import { backOff, Listener } from './listener';

const RATE = 20;
const log = pino({ level: 'silent' });
let pool: DecoderPool;
let radio: Radio;
let mp3: Buffer;
const listeners: Listener[] = [];

beforeAll(() => {
  pool = new DecoderPool({ processes: 1, log });
  mp3 = encodeAudio('mp3', { seconds: 20 });
});
afterAll(() => pool.stop());
beforeEach(async () => {
  radio = await new Radio().start();
});
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
  await radio.stop();
});

/** A station in 20-fold time: 16 kB/s of air are 320 kB/s here. */
const pace = (bytes: Buffer, seconds: number) => (bytes.length / seconds) * RATE;

function listen(url: string, ear = new Ear(), rate = RATE): Ear {
  const station = { id: 7, name: 'Essai FM', url };
  listeners.push(
    new Listener({ station, decoders: pool, sink: ear, clock: clockAtRate(rate), log, random: () => 0.5 }),
  );
  return ear;
}

describe('a station in MP3 over ICY', () => {
  test('is heard: the right sound at the right second, without a hole', async () => {
    const url = radio.air('/live', {
      bytes: mp3,
      contentType: 'audio/mpeg',
      pace: pace(mp3, 20),
      metaint: 4096,
    });
    radio.title = 'Ismaël Lô - Tajabone';
    const ear = listen(url);
    await until(() => ear.samples().length > 12 * SAMPLE_RATE);
    const samples = ear.samples();
    for (let s = 1; s < 11; s++) {
      const part = samples.subarray((s + 0.3) * SAMPLE_RATE, (s + 0.8) * SAMPLE_RATE);
      expect(heardHz(part, SAMPLE_RATE)).toBe(scaleHz(s));
    }
    expect(ear.started).toHaveLength(1);
    expect(ear.started[0]).toMatchObject({ stationId: 7, codec: 'mp3', url });
    expect(ear.started[0]!.sessionId).toMatch(/^7-[0-9a-f-]{36}$/);
    expect(ear.titles.map(({ title }) => title)).toEqual(['Ismaël Lô - Tajabone']);
    expect(ear.failed).toEqual([]);
  });

  test('stopping tells the end, without a fault, after the last samples', async () => {
    const ear = listen(radio.air('/live', { bytes: mp3, contentType: 'audio/mpeg', pace: pace(mp3, 20) }));
    await until(() => ear.chunks.length > 3);
    await listeners[0]!.stop();
    expect(ear.ended).toHaveLength(1);
    expect(ear.ended[0]!.fault).toBeUndefined();
    expect(ear.ended[0]!.samples).toBe(ear.samples().length);
    expect(ear.order.at(-1)).toBe('ended');
    const told = ear.chunks.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ear.chunks.length).toBe(told);
  });
});

describe('back-off', () => {
  test('grows twofold with full jitter up to a minute', () => {
    expect([0, 1, 2, 5, 6, 50].map((n) => backOff(n, () => 1))).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000,
    ]);
    expect(backOff(6, () => 0.5)).toBe(30_000);
    expect(backOff(6, () => 0)).toBe(250);
  });
});
