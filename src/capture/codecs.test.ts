import { describe, expect, test } from 'vitest';
import { type AudioFormat, encodeAudio, heardHz, scaleHz } from '../../test/support/audio';
import { type Ear, until } from '../../test/support/ear';
import { listening, RATE } from '../../test/support/listening';
import { SAMPLE_RATE } from '../audio';

const room = listening();

/** Checks that the scale is heard second by second, within what encoders put in front. */
function checkScale(ear: Ear, from: number, to: number, session = 0): void {
  const samples = ear.samples(session);
  for (let s = from; s < to; s++) {
    const part = samples.subarray((s + 0.3) * SAMPLE_RATE, (s + 0.8) * SAMPLE_RATE);
    expect([s, heardHz(part, SAMPLE_RATE)]).toEqual([s, scaleHz(s)]);
  }
}

describe('every codec that stations use', () => {
  const formats: [AudioFormat, string, string][] = [
    ['mp3', 'audio/mpeg', 'mp3'],
    ['aac', 'audio/aacp', 'aac'],
    ['vorbis', 'application/ogg', 'vorbis'],
    ['opus', 'audio/ogg', 'opus'],
    ['ogg-flac', 'audio/ogg', 'flac'],
    // Servers that do not say, or say something else.
    ['aac', 'audio/mpeg', 'aac'],
    ['mp3', 'application/octet-stream', 'mp3'],
  ];
  test.each(formats)('%s sent as %s', async (format, contentType, codec) => {
    const bytes = encodeAudio(format, { seconds: 10 });
    const ear = room.listen(
      room.radio.air('/live', { bytes, contentType, pace: bytes.length * 2, once: true }),
    );
    await until(() => ear.ended.length === 1);
    expect(ear.started[0]).toMatchObject({ codec });
    checkScale(ear, 1, 9);
    expect(ear.samples().length).toBeGreaterThan(9.9 * SAMPLE_RATE);
    expect(ear.samples().length).toBeLessThan(10.2 * SAMPLE_RATE);
    expect(ear.ended[0]).toMatchObject({ fault: 'ended', samples: ear.samples().length });
  });

  test('Ogg in chained streams, one a song, is one session, and their comments are titles', async () => {
    const songs = [0, 4, 8].map((from) =>
      encodeAudio('vorbis', { seconds: 4, from, tags: { artist: 'Baaba Maal', title: `Chanson ${from}` } }),
    );
    const bytes = Buffer.concat(songs);
    const ear = room.listen(
      room.radio.air('/live', { bytes, contentType: 'audio/ogg', pace: bytes.length, once: true }),
    );
    await until(() => ear.ended.length === 1);
    expect(ear.started).toHaveLength(1);
    checkScale(ear, 1, 11);
    expect(ear.titles.map(({ title }) => title)).toEqual([0, 4, 8].map((n) => `Baaba Maal - Chanson ${n}`));
  });

  test('a stream whose rate changes in the middle goes on', async () => {
    const bytes = Buffer.concat([
      encodeAudio('opus', { seconds: 4 }),
      encodeAudio('vorbis', { seconds: 4, from: 4 }),
      encodeAudio('ogg-flac', { seconds: 4, from: 8 }),
    ]);
    const ear = room.listen(
      room.radio.air('/live', { bytes, contentType: 'audio/ogg', pace: bytes.length, once: true }),
    );
    await until(() => ear.ended.length === 1);
    checkScale(ear, 1, 3);
    checkScale(ear, 5, 7);
    checkScale(ear, 9, 11);
    expect(ear.started).toHaveLength(1);
  });

  test('joined in the middle of a frame, with damage in between, it still plays', async () => {
    const whole = encodeAudio('mp3', { seconds: 20 });
    const damaged = Buffer.from(whole.subarray(1000));
    for (let at = 50_000; at < 52_000; at++) damaged[at] = (at * 7919) & 255;
    const ear = room.listen(
      room.radio.air('/live', {
        bytes: damaged,
        contentType: 'audio/mpeg',
        pace: (damaged.length / 20) * RATE,
        once: true,
      }),
    );
    await until(() => ear.ended.length === 1);
    expect(ear.samples().length).toBeGreaterThan(19.5 * SAMPLE_RATE);
    expect(ear.ended[0]!.fault).toBe('ended');
  });
});
