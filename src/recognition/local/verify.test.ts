import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import {
  jittered,
  type Peak,
  playedPeaks,
  queryOf,
  randomPeaks,
  randomWords,
  someOf,
} from '../../../test/support/peaks';
import { type Alignment, toReference } from './alignment';
import { wordOf } from './fingerprint';
import { FRAMES_PER_SECOND, PER_BIN, PER_FRAME } from './params';
import { PeakMap } from './query';
import { centreOfBest, examine, isLikely, LIKELY, verify } from './verify';

const FROM = 500;
const TO = FROM + 312;
const MIDDLE = (FROM + TO) / 2;
/** Peaks of ten seconds of air. */
const PEAKS = 1440;
const next = random(61);
const map = new PeakMap(TO - FROM + 8);

/** Loads a window in which so many of a recording's peaks sound, from `since` on, among others. */
function load(words: Uint32Array, alignment: Alignment, share: number, since = FROM): void {
  const heard = someOf(next, playedPeaks(words, alignment, since, TO), share);
  const others = randomPeaks(next, FROM, TO, PEAKS - heard.length);
  map.load(queryOf([...jittered(next, heard, 0.2), ...others]), FROM, TO);
}

const placed = (tempo = 1, pitch = tempo): Alignment => ({
  queryAt: FROM,
  referenceAt: 100 + next() * 1000,
  tempo,
  pitch,
});

test('the score rises with the share of peaks that sound', () => {
  const scores = [0, 0.15, 0.3, 0.5, 0.75, 1].map((share) => {
    let sum = 0;
    for (let n = 0; n < 12; n++) {
      const words = randomWords(next, 60);
      const alignment = placed();
      load(words, alignment, share);
      const { z, expected, hits } = verify(words, map, alignment);
      expect(expected).toBeGreaterThan(150);
      expect(hits / expected).toBeGreaterThan(share - 0.15);
      sum += z / 12;
    }
    return sum;
  });
  for (let i = 1; i < scores.length; i++) expect(scores[i]! - scores[i - 1]!).toBeGreaterThan(2);
  expect(scores[0]).toBeLessThan(1);
  expect(scores[2]).toBeGreaterThan(LIKELY);
});

test('what does not sound is never likely, however it is turned', () => {
  let most = 0;
  for (let n = 0; n < 120; n++) {
    const words = randomWords(next, 60);
    load(words, placed(), 0);
    const start = placed();
    most = Math.max(most, verify(words, map, start).z, examine(words, map, start)?.z ?? 0);
  }
  expect(most).toBeLessThan(LIKELY);
});

test('what fits wherever it is laid is worth nothing: a chord that is held', () => {
  const chord = [50, 130, 210, 333, 420, 515];
  for (const share of [0.1, 0.1, 0.2, 0.2, 0.3, 0.6]) {
    const words = Uint32Array.from({ length: 1200 }, () => {
      const bin = chord[Math.floor(next() * chord.length)]!;
      return wordOf(Math.floor(next() * 60 * FRAMES_PER_SECOND * PER_FRAME), bin * PER_BIN, true);
    }).sort();
    const held = chord.flatMap((frequency) =>
      Array.from({ length: TO - FROM }, (_, i) => ({ time: FROM + i, frequency })),
    );
    map.load(queryOf(jittered(next, someOf(next, held, share), 0.2)), FROM, TO);
    const { z, hits, expected } = verify(words, map, placed());
    expect(hits / expected).toBeGreaterThan(share);
    // Its hits are what its shifted alignments have as well: within what chance does to a score.
    expect(z).toBeLessThan(3);
  }
});

/** A beat that repeats every 19 frames, as every shift of 0.6 s finds it, and peaks of a piece's own. */
function overBeat(beat: readonly Peak[]): Uint32Array {
  const bars = Array.from({ length: 100 }, (_, i) =>
    beat.map((peak) => ({ ...peak, time: peak.time + 19 * i })),
  );
  const own = randomPeaks(next, 0, 1900, 600);
  const word = ({ time, frequency }: Peak) =>
    wordOf(Math.round(time * PER_FRAME), Math.round(frequency * PER_BIN), true);
  return Uint32Array.from([...bars.flat(), ...own], word).sort();
}

test('a piece over a beat is known by what is its own, and not taken for another one over the same beat', () => {
  for (let n = 0; n < 20; n++) {
    const beat = randomPeaks(next, 0, 19, 6);
    const [known, other] = [overBeat(beat), overBeat(beat)];
    const alignment = { queryAt: FROM, referenceAt: 19 * Math.floor(5 + 40 * next()), tempo: 1, pitch: 1 };
    load(known, alignment, 0.9);
    expect(verify(known, map, alignment).z).toBeGreaterThan(LIKELY);
    load(other, alignment, 0.9);
    expect(verify(known, map, alignment).z).toBeLessThan(LIKELY);
    expect(examine(known, map, alignment)?.z ?? 0).toBeLessThan(LIKELY);
  }
});

/** How far a found alignment is from the true one, in the middle of the window. */
function errorOf(found: Alignment, truth: Alignment) {
  return {
    frames: Math.abs(toReference(found, MIDDLE) - toReference(truth, MIDDLE)),
    tempo: Math.abs(found.tempo - truth.tempo),
    pitch: Math.abs(found.pitch - truth.pitch),
  };
}

test('an offset wrong by two frames, tempo and pitch by 0.4 %: all put right', () => {
  const sign = () => (next() < 0.5 ? -1 : 1);
  for (let n = 0; n < 24; n++) {
    const words = randomWords(next, 60);
    const truth = placed(1.03 + 0.02 * (next() - 0.5), 0.97 + 0.02 * (next() - 0.5));
    load(words, truth, 0.7);
    const start = {
      queryAt: MIDDLE,
      referenceAt: toReference(truth, MIDDLE) + 2 * sign(),
      tempo: truth.tempo + 0.004 * sign(),
      pitch: truth.pitch + 0.004 * sign(),
    };
    const found = examine(words, map, start);
    expect(found?.z).toBeGreaterThan(LIKELY);
    const error = errorOf(found!.alignment, truth);
    expect(error.frames).toBeLessThan(0.1);
    expect(error.tempo).toBeLessThan(0.001);
    expect(error.pitch).toBeLessThan(0.0003);
  }
});

test('three seconds of a song fit many tempos: it is said to be as recorded', () => {
  let asRecorded = 0;
  for (let n = 0; n < 30; n++) {
    const words = randomWords(next, 60);
    const truth = placed();
    load(words, truth, 0.7, TO - 100);
    const start = { queryAt: TO - 50, referenceAt: toReference(truth, TO - 50), tempo: 1.01, pitch: 1 };
    expect(verify(words, map, start).z).toBeGreaterThan(LIKELY);
    if (Math.abs(examine(words, map, start)!.alignment.tempo - 1) < 0.004) asRecorded++;
  }
  expect(asRecorded).toBeGreaterThanOrEqual(27);
});

test.each([
  { tempo: 1.04, pitch: 1 },
  { tempo: 1.02, pitch: 1 },
  { tempo: 0.98, pitch: 1 },
  { tempo: 1, pitch: 1.02 },
  { tempo: 0.98, pitch: 0.98 },
])('what is played at tempo $tempo and pitch $pitch is said to be', ({ tempo, pitch }) => {
  for (let n = 0; n < 20; n++) {
    const words = randomWords(next, 60);
    const truth = placed(tempo, pitch);
    load(words, truth, 0.4);
    const error = errorOf(examine(words, map, truth)!.alignment, truth);
    expect(error.frames).toBeLessThan(0.1);
    expect(error.tempo).toBeLessThan(0.001);
    expect(error.pitch).toBeLessThan(0.0003);
  }
});

test('too few peaks prove nothing, however well they fit', () => {
  const words = randomWords(next, 60, 1.5);
  const alignment = placed();
  load(words, alignment, 1);
  expect(verify(words, map, alignment).expected).toBeLessThan(20);
  expect(verify(words, map, alignment).z).toBe(0);
  expect(examine(words, map, alignment)).toBeUndefined();
});

test('the best step is the middle of the plateau', () => {
  const steps = [-2, -1, 0, 1, 2];
  expect(centreOfBest(steps, [0, 0, 0, 9, 0])).toBe(1);
  expect(centreOfBest(steps, [0, 5, 100, 100, 100])).toBeCloseTo(1);
  expect(centreOfBest(steps, [0, 0, 0, 0, 0])).toBe(0);
});

test('the more freely a piece may differ from the recording, the more it must show', () => {
  const at = (tempo: number, pitch: number, z: number) =>
    isLikely({ z, alignment: { queryAt: 0, referenceAt: 0, tempo, pitch } });
  for (const [tempo, pitch, needed] of [
    [1, 1, 6.5],
    [1.001, 0.999, 6.5],
    [1.04, 1.04, 7],
    [0.97, 0.973, 7],
    [0.98, 1, 9],
    [1, 1.02, 9],
  ] as const) {
    expect(at(tempo, pitch, needed - 0.1), `${tempo} ${pitch}`).toBe(false);
    expect(at(tempo, pitch, needed + 0.1), `${tempo} ${pitch}`).toBe(true);
  }
});
