import { beforeAll, describe, expect, test } from 'vitest';
import { encodeAudio, heardHz, scaleHz } from '../../test/support/audio';
import { until } from '../../test/support/ear';
import { listening, RATE } from '../../test/support/listening';
import { SAMPLE_RATE } from '../audio';
import { backOff } from './listener';

const room = listening();
let mp3: Buffer;
beforeAll(() => {
  mp3 = encodeAudio('mp3', { seconds: 20 });
});

/** Bytes per second of this machine's time. */
const pace = (bytes: Buffer, seconds: number) => (bytes.length / seconds) * RATE;

describe('a station in MP3 over ICY', () => {
  test('is heard: the right sound at the right second, without a hole', async () => {
    const url = room.radio.air('/live', {
      bytes: mp3,
      contentType: 'audio/mpeg',
      pace: pace(mp3, 20),
      metaint: 4096,
    });
    room.radio.title = 'Ismaël Lô - Tajabone';
    const ear = room.listen(url);
    await until(() => ear.heard > 12 * SAMPLE_RATE);
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
    // The receiver's own: not a view of something larger.
    for (const chunk of ear.chunks) expect(chunk.samples.buffer.byteLength).toBe(chunk.samples.byteLength);
  });

  test('stopping tells the end, without a fault, after the last samples', async () => {
    const ear = room.listen(
      room.radio.air('/live', { bytes: mp3, contentType: 'audio/mpeg', pace: pace(mp3, 20) }),
    );
    await until(() => ear.chunks.length > 3);
    await room.stopAll();
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
