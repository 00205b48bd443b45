import { describe, expect, test } from 'vitest';
import { encodeAudio, heardHz, scaleHz } from '../../test/support/audio';
import { until } from '../../test/support/ear';
import { HlsStation } from '../../test/support/hls-station';
import { listening, RATE } from '../../test/support/listening';
import { SAMPLE_RATE } from '../audio';

const room = listening();

/**
 * Lets a station's window slide one segment per segment's time, to its end; not over a segment that nobody has asked for
 * yet: how far a busy machine is behind is not what is tested.
 */
function roll(station: HlsStation, seconds: number): void {
  const last = station.segments.length - station.window;
  const asked = () => room.radio.requests.some(({ url }) => url === station.segments[station.first]!.path);
  const timer = setInterval(
    () => {
      if (station.first < last) {
        if (asked()) station.first++;
      } else {
        station.ended = true;
        clearInterval(timer);
      }
    },
    (seconds * 1000) / RATE,
  );
}

const heardAt = (samples: Int16Array, s: number) =>
  heardHz(samples.subarray((s + 0.35) * SAMPLE_RATE, (s + 0.8) * SAMPLE_RATE), SAMPLE_RATE);

describe('HLS', () => {
  test.each(['mpegts', 'aac', 'mp3'] as const)(
    'live segments in %s: each once and in order',
    async (format) => {
      const station = new HlsStation(room.radio, '/hls', 4);
      station.addScale(format, 8, 4);
      const ear = room.listen(station.url);
      await until(() => ear.started.length === 1);
      roll(station, 4);
      await until(() => ear.ended.length === 1);
      expect(ear.ended[0]!.fault).toBe('ended');
      expect(ear.started).toHaveLength(1);
      const samples = ear.samples();
      // Each segment was encoded by itself, so that its encoder's priming is heard too: up to 60 ms.
      expect(samples.length / SAMPLE_RATE).toBeGreaterThan(31.9);
      expect(samples.length / SAMPLE_RATE).toBeLessThan(32.8);
      for (let s = 1; s < 30; s += 2) {
        const shift = Math.floor(s / 4) * ((samples.length / SAMPLE_RATE - 32) / 8);
        expect([s, heardAt(samples, s + shift)]).toEqual([s, scaleHz(s)]);
      }
      const asked = room.radio.requests.map(({ url }) => url!).filter((url) => !url.endsWith('.m3u8'));
      expect(asked).toEqual(station.segments.map(({ path }) => path));
    },
  );

  test('a master playlist: the cheapest variant that is good enough', async () => {
    const station = new HlsStation(room.radio, '/64', 4);
    station.addScale('mpegts', 3, 4);
    const master = [
      '#EXTM3U',
      '#EXT-X-STREAM-INF:BANDWIDTH=256000,CODECS="mp4a.40.2"',
      '/256/live.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=66000,CODECS="mp4a.40.2"',
      '/64/live.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=24000,CODECS="mp4a.40.5"',
      '/24/live.m3u8',
    ];
    const url = room.radio.serve('/master.m3u8', master.join('\n'), 'application/x-mpegURL');
    const ear = room.listen(url);
    await until(() => ear.started.length === 1);
    expect(ear.started[0]!.codec).toBe('aac');
    expect(room.radio.requests.map((request) => request.url).slice(0, 3)).toEqual([
      '/master.m3u8',
      '/64/live.m3u8',
      '/64/0.mpegts',
    ]);
  });

  test('fragmented MP4 with its initialisation apart', async () => {
    const station = new HlsStation(room.radio, '/fmp4', 4);
    const { init, fragments } = fragmented(encodeAudio('fmp4', { seconds: 12 }));
    room.radio.serve('/fmp4/init.mp4', init, 'video/mp4');
    station.head = '#EXT-X-MAP:URI="init.mp4"';
    for (const [i, fragment] of fragments.entries()) station.add(fragment, 4, `${i}.m4s`);
    station.window = fragments.length;
    station.ended = true;
    const ear = room.listen(station.url);
    await until(() => ear.ended.length === 1);
    const samples = ear.samples();
    expect(ear.ended[0]!.fault).toBe('ended');
    const fromS = 12 - samples.length / SAMPLE_RATE;
    for (let s = Math.ceil(fromS) + 1; s < 11; s++) expect(heardAt(samples, s - fromS)).toBe(scaleHz(s));
    expect(room.radio.requests.filter(({ url }) => url === '/fmp4/init.mp4')).toHaveLength(1);
  });

  test('a discontinuity to another rate is heard through', async () => {
    const station = new HlsStation(room.radio, '/ad', 4);
    station.addScale('mpegts', 1, 4);
    station.add(encodeAudio('mp3', { seconds: 4, from: 4 }), 4, 'ad.mp3', true);
    station.add(encodeAudio('mpegts', { seconds: 4, from: 8 }), 4, '2.ts', true);
    station.ended = true;
    const ear = room.listen(station.url);
    await until(() => ear.ended.length === 1);
    const samples = ear.samples();
    for (const s of [1, 2, 5, 6, 9, 10]) expect([s, heardAt(samples, s + 0.05)]).toEqual([s, scaleHz(s)]);
  });

  test('a playlist that stands still is a stall', async () => {
    const station = new HlsStation(room.radio, '/still', 4);
    station.addScale('aac', 3, 4);
    const ear = room.listen(station.url);
    await until(() => ear.ended.length === 1);
    expect(ear.ended[0]).toMatchObject({ fault: 'stall' });
    expect(ear.samples().length / SAMPLE_RATE).toBeGreaterThan(11.9);
  });

  test('a hole in the numbering ends the session: samples never stand for missing air', async () => {
    const station = new HlsStation(room.radio, '/hole', 4);
    station.addScale('aac', 12, 4);
    const ear = room.listen(station.url);
    await until(() => ear.heard > 11 * SAMPLE_RATE);
    station.first = 8;
    await until(() => ear.ended.length === 1);
    expect(ear.ended[0]).toMatchObject({ fault: 'stall' });
    await until(() => ear.started.length === 2);
  });

  test('encrypted segments', async () => {
    const station = new HlsStation(room.radio, '/bad', 4);
    station.addScale('aac', 3, 4);
    station.head = '#EXT-X-KEY:METHOD=AES-128,URI="key"';
    const ear = room.listen(station.url);
    await until(() => ear.failed.length > 0);
    expect(ear.failed[0]!.fault).toBe('bad_playlist');
    expect(ear.started).toEqual([]);
  });

  test('a choice of nothing', async () => {
    const master = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",URI="x.m3u8"\n';
    const url = room.radio.serve('/master.m3u8', master, 'application/x-mpegURL');
    const ear = room.listen(url);
    await until(() => ear.failed.length > 0);
    expect(ear.failed[0]!.fault).toBe('bad_playlist');
  });

  test('a segment that is a page makes no audio', async () => {
    const station = new HlsStation(room.radio, '/page', 4);
    for (let i = 0; i < 3; i++) station.add(Buffer.from('<html>x</html>\n'.repeat(10_000)), 4, `${i}.ts`);
    const ear = room.listen(station.url);
    await until(() => ear.failed.length > 0);
    expect(ear.failed[0]!.fault).toBe('garbage');
    expect(ear.started).toEqual([]);
  });
});

/** Splits a fragmented MP4 into its head and its fragments. */
function fragmented(file: Buffer): { init: Buffer; fragments: Buffer[] } {
  const starts: number[] = [];
  for (let at = 0; at + 8 <= file.length; at += file.readUInt32BE(at)) {
    if (file.toString('latin1', at + 4, at + 8) === 'moof') starts.push(at);
    if (file.readUInt32BE(at) < 8) break;
  }
  const fragments = starts.map((start, i) => file.subarray(start, starts[i + 1] ?? file.length));
  return { init: file.subarray(0, starts[0]), fragments };
}
