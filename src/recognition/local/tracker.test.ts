import { describe, expect, test } from 'vitest';
import { babble, mix, music, random } from '../../../test/support/airplay';
import type { TrackLine } from '../types';
import { fingerprintOf, withoutEdges } from './fingerprint';
import { buildIndex } from './landmark-index';
import { BLOCK_FRAMES, DENSE_LANDMARKS, SPARSE_LANDMARKS } from './params';
import { PeakMap, type QueryPeaks } from './query';
import { referenceOf } from './reference';
import { type Candidate, type Hypothesis, Searcher } from './search';
import { MAP_FRAMES, SessionTracker, type TrackerReport } from './tracker';

const library = Array.from({ length: 12 }, (_, i) => music(100 + i, 50 + 5 * i));
const index = buildIndex(
  library.map((audio, i) => referenceOf(1000 + i, fingerprintOf(audio))),
  1,
);

/** Everything that a tracker says about a stretch of air, and the last word on each line. */
function listen(air: Int16Array, inLibrary = index): { lines: TrackLine[]; reports: TrackerReport[] } {
  const tools = { index: inLibrary, searcher: new Searcher(inLibrary), map: new PeakMap(MAP_FRAMES) };
  const tracker = new SessionTracker(1, 'session', tools, { hypothesis: undefined });
  const reports: TrackerReport[] = [];
  for (let at = 0; at < air.length; at += 4000) reports.push(...tracker.audio(air.subarray(at, at + 4000)));
  const last = tracker.end();
  if (last) reports.push(last);
  const lines = new Map<number, TrackLine>();
  for (const { report } of reports) for (const line of report.lines) lines.set(line.lineId, line);
  return { lines: [...lines.values()], reports };
}

/** The same audio at another speed, by linear interpolation. */
function atSpeed(audio: Int16Array, speed: number): Int16Array {
  return Int16Array.from({ length: Math.floor(audio.length / speed) - 1 }, (_, i) => {
    const at = i * speed;
    const k = Math.floor(at);
    return audio[k]! + (at - k) * (audio[k + 1]! - audio[k]!);
  });
}

describe('a session', () => {
  test('two songs in a row, the second cut in: both found, with their edges', () => {
    const air = mix(150, [
      { audio: library[3]!, atS: 10 },
      { audio: library[7]!, atS: 75, fromS: 20, toS: 60 },
      { audio: babble(5, 10), atS: 0 },
      { audio: babble(6, 35), atS: 115 },
    ]);
    const { lines } = listen(air);
    expect(lines.map((line) => line.trackId)).toEqual([1003, 1007]);
    const [first, second] = lines;
    expect(Math.abs(first!.startS - 10)).toBeLessThan(0.3);
    expect(Math.abs(first!.endS - 75)).toBeLessThan(1);
    expect(Math.abs(second!.startS - 75)).toBeLessThan(1);
    expect(Math.abs(second!.refStartS - 20)).toBeLessThan(1);
    expect(Math.abs(second!.endS - 115)).toBeLessThan(1.5);
    expect(lines.every((line) => line.closed && line.confidence > 0.95)).toBe(true);
  });

  test('a crossfade: the lines overlap as the songs do', () => {
    const air = mix(130, [
      { audio: library[0]!, atS: 5, fadeOutS: 6 },
      { audio: library[9]!, atS: 49, fadeInS: 6, toS: 70 },
    ]);
    const { lines } = listen(air);
    expect(lines.map((line) => line.trackId)).toEqual([1000, 1009]);
    expect(Math.abs(lines[0]!.endS - 55)).toBeLessThan(3);
    expect(Math.abs(lines[1]!.startS - 49)).toBeLessThan(3);
  });

  test.each([1.015, 0.975, 1.04])('played at speed %f', (speed) => {
    const air = mix(75, [{ audio: atSpeed(library[5]!, speed), atS: 6, toS: 60 }]);
    const { lines } = listen(air);
    expect(lines.map((line) => line.trackId)).toEqual([1005]);
    expect(Math.abs(lines[0]!.tempo / speed - 1)).toBeLessThan(0.002);
    expect(Math.abs(lines[0]!.startS - 6)).toBeLessThan(1);
  });

  test('speech over the music: the song goes on under it', () => {
    const air = mix(100, [
      { audio: library[11]!, atS: 0, toS: 95 },
      { audio: babble(9, 14), atS: 40, gain: 2.5 },
    ]);
    const { lines } = listen(air);
    expect(lines.map((line) => line.trackId)).toEqual([1011]);
    expect(Math.abs(lines[0]!.endS - 95)).toBeLessThan(1.5);
  });

  test('speech over the end of a song that is broken off: it is followed under the speech', () => {
    for (const track of [4, 8, 11]) {
      const air = mix(80, [
        { audio: library[track]!, atS: 5, toS: 38 },
        { audio: library[track]!, atS: 43, fromS: 38, toS: 45, gain: 0.3 },
        { audio: babble(40 + track, 30), atS: 43 },
      ]);
      const { lines } = listen(air);
      expect(lines.map((line) => line.trackId)).toEqual([1000 + track]);
      expect(Math.abs(lines[0]!.endS - 50)).toBeLessThan(1.5);
    }
  });

  describe('a song that fades away under what comes next', () => {
    const faded = mix(50, [
      { audio: library[6]!, atS: 0, toS: 40 },
      { audio: library[6]!, atS: 40, fromS: 40, toS: 50, gain: 0.004 },
    ]);
    const withFaded = buildIndex(
      [referenceOf(7, fingerprintOf(faded)), referenceOf(8, fingerprintOf(library[9]!))],
      3,
    );

    test('a sound that nobody knows: it is taken to have gone on to its end, and said to be less sure of it', () => {
      const air = mix(90, [
        { audio: faded, atS: 5 },
        { audio: music(700, 30), atS: 47 },
      ]);
      const [line, ...others] = listen(air, withFaded).lines;
      expect(others).toEqual([]);
      expect(Math.abs(line!.endS - 55)).toBeLessThan(0.5);
      expect(line!.endErrorS).toBeGreaterThan(1);
    });

    test('another song: it is not taken to have gone on for long under that one', () => {
      const air = mix(90, [
        { audio: faded, atS: 5, toS: 42 },
        { audio: library[9]!, atS: 46 },
      ]);
      const [line, next] = listen(air, withFaded).lines;
      expect([line!.trackId, next!.trackId]).toEqual([7, 8]);
      expect(Math.abs(next!.startS - 46)).toBeLessThan(0.5);
      expect(Math.abs(line!.endS - 47)).toBeLessThan(2);
    });
  });

  test('the same song twice is two lines', () => {
    const air = mix(125, [
      { audio: library[1]!, atS: 2 },
      { audio: library[1]!, atS: 60 },
    ]);
    const { lines } = listen(air);
    expect(lines.map((line) => [line.trackId, Math.round(line.startS)])).toEqual([
      [1001, 2],
      [1001, 60],
    ]);
  });

  test('a song that was on before the session began starts with the session', () => {
    const { lines } = listen(library[8]!.subarray(30 * 8000));
    expect(lines.map((line) => line.trackId)).toEqual([1008]);
    expect(lines[0]!.startS).toBeLessThan(0.6);
    expect(Math.abs(lines[0]!.refStartS - 30)).toBeLessThan(0.6);
  });

  test('a reference from the air, without its edges: they are taken with it, and said to be less sure', () => {
    const fingerprint = withoutEdges(fingerprintOf(library[4]!), 6);
    const alone = buildIndex([referenceOf(7, fingerprint)], 2);
    const air = mix(100, [
      { audio: babble(5, 10), atS: 0 },
      { audio: library[4]!, atS: 10 },
    ]);
    const { lines } = listen(air, alone);
    expect(lines.map((line) => line.trackId)).toEqual([7]);
    expect(Math.abs(lines[0]!.startS - 10)).toBeLessThan(0.5);
    expect(Math.abs(lines[0]!.endS - 80)).toBeLessThan(0.5);
    expect(lines[0]!.startErrorS).toBeGreaterThan(3);
  });

  test('names a song within 10 s of its start', () => {
    const { reports } = listen(library[2]!);
    const first = reports.find(({ report }) => report.lines.length > 0);
    expect(first!.report.upToS).toBeLessThan(10);
  });

  test('invents nothing: unknown music, speech, noise and loops', () => {
    const next = random(4);
    const loop = music(900, 2).subarray(0, 16_000);
    const strangers = [
      ...Array.from({ length: 5 }, (_, i) => music(5000 + i, 40)),
      babble(77, 60),
      Int16Array.from({ length: 8000 * 30 }, () => (next() - 0.5) * 20_000),
      Int16Array.from({ length: 8000 * 40 }, (_, i) => loop[i % loop.length]!),
      new Int16Array(8000 * 30),
    ];
    for (const air of strangers) {
      const { lines, reports } = listen(air);
      expect(lines).toEqual([]);
      expect(reports.every(({ attempt }) => attempt === undefined || attempt.status !== 'success')).toBe(
        true,
      );
    }
  }, 120_000);

  test('tells what it hears when it does not know it', () => {
    const next = random(8);
    const kinds = (air: Int16Array) => {
      const all = listen(air).reports.map(({ report }) => report.content);
      return (kind: string) => all.filter((k) => k === kind).length / all.length;
    };
    expect(kinds(music(7000, 60))('music')).toBeGreaterThan(0.8);
    expect(kinds(new Int16Array(160_000))('silence')).toBe(1);
    expect(kinds(Int16Array.from({ length: 160_000 }, () => (next() - 0.5) * 9000))('noise')).toBe(1);
  });
});

/** Notes what it is asked. */
class Listening extends Searcher {
  readonly asked: { hypothesis: Hypothesis; query: QueryPeaks }[] = [];

  override search(query: QueryPeaks, hypothesis: Hypothesis, map: PeakMap): Candidate[] {
    this.asked.push({ hypothesis, query });
    return super.search(query, hypothesis, map);
  }
}

describe('how closely a window is looked at', () => {
  /** What is asked about some air: at which tempo and pitch, and with how many landmarks per block. */
  function questions(air: Int16Array, hypothesis?: Hypothesis) {
    const searcher = new Listening(index);
    const tools = { index, searcher, map: new PeakMap(MAP_FRAMES) };
    new SessionTracker(1, 'session', tools, { hypothesis }).audio(air);
    return searcher.asked.map(({ hypothesis: { tempo, pitch }, query: { time, count } }) => {
      const blocks = Math.round((time[count - 1]! - time[0]!) / BLOCK_FRAMES);
      return { tempo, pitch, perBlock: Math.round(count / blocks) };
    });
  }
  const next = random(21);
  /** Noise has more maxima in each block than any density takes. */
  const unknown = Int16Array.from({ length: 8000 * 60 }, () => (next() - 0.5) * 20_000);

  test('closely for what is within 1 % of as recorded, sparsely for what seldom holds', () => {
    const asked = questions(unknown);
    const usual = asked.filter(
      ({ tempo, pitch }) => Math.max(Math.abs(tempo - 1), Math.abs(pitch - 1)) < 0.015,
    );
    const others = asked.filter((one) => !usual.includes(one));
    expect(new Set(usual.map(({ tempo }) => tempo))).toEqual(new Set([1, 1.01, 0.99]));
    expect(new Set(usual.map(({ perBlock }) => perBlock))).toEqual(new Set([DENSE_LANDMARKS]));
    expect(others.length).toBeGreaterThan(20);
    expect(new Set(others.map(({ perBlock }) => perBlock))).toEqual(new Set([SPARSE_LANDMARKS]));
  });

  test("closely for the station's own speed, whatever it is", () => {
    const speed = { tempo: 1.047, pitch: 1.047 };
    const own = questions(unknown, speed).filter(({ tempo }) => tempo === speed.tempo);
    expect(own.length).toBeGreaterThan(15);
    expect(new Set(own.map(({ perBlock }) => perBlock))).toEqual(new Set([DENSE_LANDMARKS]));
  });

  test('closely at the speed at which a song was likely a window ago', () => {
    // Too quiet under speech for one window to be believed: what is likely is asked again, at the tempo that was found.
    const quiet = mix(60, [
      { audio: atSpeed(library[3]!, 1.04), atS: 0, toS: 60, gain: 0.35 },
      { audio: babble(31, 60), atS: 0 },
    ]);
    const near = questions(quiet).filter(({ tempo }) => Math.abs(tempo - 1.04) < 0.004 && tempo !== 1.04);
    expect(near.length).toBeGreaterThan(0);
    // Music does not fill every block with peaks.
    for (const { perBlock } of near) expect(perBlock).toBeGreaterThan(0.9 * DENSE_LANDMARKS);
  });
});
