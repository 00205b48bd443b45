import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { randomWords } from '../../../test/support/peaks';
import { packFingerprint, timeOf, withoutEdges } from './fingerprint';
import { FRAMES_PER_SECOND, PER_FRAME } from './params';
import { faintEdges, referenceOf } from './reference';

const words = randomWords(random(5), 90);
const S = FRAMES_PER_SECOND;

test('a stored fingerprint tells its peaks and its quiet edges', () => {
  const quiet = { start: 77, end: 65_535 };
  expect(referenceOf(12, packFingerprint(90, words, quiet))).toEqual({
    trackId: 12,
    durationS: 90,
    words,
    quiet,
  });
  expect(referenceOf(12, packFingerprint(90, words)).quiet).toEqual({ start: 0, end: 0 });
});

test('peaks are written where room is given', () => {
  const room = new Uint32Array(words.length + 10);
  const given = referenceOf(1, packFingerprint(90, words), (count) => room.subarray(0, count)).words;
  expect(given.buffer).toBe(room.buffer);
  expect(given).toEqual(words);
});

test('faint is what is quiet, or has no peaks, up to ten seconds', () => {
  const at = (start: number, end: number, edgeS = 0) =>
    faintEdges(referenceOf(1, withoutEdges(packFingerprint(90, words, { start, end }), edgeS)));
  expect(at(0, 0)).toEqual({ start: 0, end: 0 });
  expect(at(100, 200)).toEqual({ start: 100, end: 200 });
  expect(at(3000, 65_535)).toEqual({ start: 10 * S, end: 10 * S });
  const bare = withoutEdges(packFingerprint(90, words), 5);
  const kept = referenceOf(1, bare).words;
  expect(at(0, 200, 5)).toEqual({
    start: timeOf(kept[0]!) / PER_FRAME,
    end: Math.max(200, 90 * S - timeOf(kept.at(-1)!) / PER_FRAME),
  });
  expect(at(0, 0, 20)).toEqual({ start: 10 * S, end: 10 * S });
});

test('a recording without any peak is faint at both edges', () => {
  expect(faintEdges(referenceOf(1, packFingerprint(90, [])))).toEqual({ start: 0, end: 10 * S });
});
