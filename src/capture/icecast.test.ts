import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AudioFormat, encodeAudio, heardHz, scaleHz } from '../../test/support/audio';
import { type Ear, until } from '../../test/support/ear';
import { eventually } from '../../test/support/eventually';
import { Icecast } from '../../test/support/icecast';
import { installed } from '../../test/support/installed';
import { listening } from '../../test/support/listening';
import { SAMPLE_RATE } from '../audio';

const here = installed('icecast2');

describe.skipIf(!here)('a real Icecast server, in real time', () => {
  const room = listening(1);
  let icecast: Icecast;
  beforeAll(async () => {
    icecast = await Icecast.start();
  });
  afterAll(() => icecast?.stop());

  /** Waits until the server has a mount's source. */
  const onAir = (mount: string) =>
    eventually(60_000, async () => (await icecast.status()).includes(`${icecast.port}${mount}"`));

  /** Seconds of the programme at which sample `at` was heard, 0–20. */
  function programmeSecond(samples: Int16Array, at: number): number {
    const hz = heardHz(samples.subarray(at - 400, at + 400), SAMPLE_RATE);
    return Array.from({ length: 20 }, (_, s) => s).find((s) => scaleHz(s) === hz)!;
  }

  /** How far the wall clock that we give the audio is off, seconds: each change of the scale is a mark in time. */
  function clockErrors(ear: Ear, startedAt: number): number[] {
    const samples = ear.samples();
    const { sampleZeroAt } = ear.chunks.at(-1)!;
    const errors: number[] = [];
    for (let at = SAMPLE_RATE; at < samples.length - SAMPLE_RATE / 2; at += 200) {
      const [before, after] = [programmeSecond(samples, at - 400), programmeSecond(samples, at + 400)];
      if (after !== (before + 1) % 20) continue;
      const aired = (sampleZeroAt + (at / SAMPLE_RATE) * 1000 - startedAt) / 1000;
      errors.push(((((aired - after) % 20) + 30) % 20) - 10);
      at += SAMPLE_RATE / 2;
    }
    return errors;
  }

  // How late an encoder lets go of its sound is not ours to know: Ogg's pages hold it back by a second or two.
  const mounts: [AudioFormat, string, string, number][] = [
    ['mp3', 'audio/mpeg', 'mp3', 0.75],
    ['aac', 'audio/aac', 'aac', 0.75],
    ['opus', 'application/ogg', 'opus', 2.5],
    ['vorbis', 'application/ogg', 'vorbis', 2.5],
  ];
  test('four codecs: heard, and at the right place of the wall clock in spite of the burst', async () => {
    const on = mounts.map(([format, type, codec, limitS]) => {
      const source = icecast.broadcast(`/${format}`, encodeAudio(format, { seconds: 20 }), 20, type);
      return { format, codec, limitS, source };
    });
    for (const { format } of on) await onAir(`/${format}`);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const heard = on.map((mount) => ({ ...mount, ear: room.listen(`${icecast.address}/${mount.format}`) }));
    for (const { format, codec, limitS, source, ear } of heard) {
      await until(() => ear.heard > 5.5 * SAMPLE_RATE);
      expect(ear.started[0]).toMatchObject({ codec });
      const errors = clockErrors(ear, source.startedAt);
      expect([format, errors.length >= 3]).toEqual([format, true]);
      expect([format, errors.filter((error) => Math.abs(error) > limitS)]).toEqual([format, []]);
      source.stop();
    }
  });

  test('titles of the studio arrive; the end of the source is noticed', async () => {
    const bytes = encodeAudio('mp3', { seconds: 20 });
    const source = icecast.broadcast('/titres', bytes, 20, 'audio/mpeg');
    await onAir('/titres');
    await icecast.title('/titres', 'Omar Pène - Soldaaru Thiossane');
    const ear = room.listen(`${icecast.address}/titres`);
    await until(() => ear.titles.length > 0);
    expect(ear.titles[0]!.title).toBe('Omar Pène - Soldaaru Thiossane');
    source.stop();
    await until(() => ear.ended.length === 1);
    expect(ear.ended[0]!.fault).toBe('ended');
    await until(() => ear.failed.some(({ fault }) => fault === 'http_error'));
  });
});
