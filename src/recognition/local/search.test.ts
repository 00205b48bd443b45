import { expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { jittered, playedPeaks, queryOf, randomPeaks, randomWords } from '../../../test/support/peaks';
import { type Alignment, toQuery, toReference } from './alignment';
import { frequencyOf, isLandmark, timeOf } from './fingerprint';
import { buildIndex, EMPTY_INDEX } from './landmark-index';
import { forEachPair, REFERENCE_FAN_OUT } from './pairs';
import { FRAMES_PER_SECOND, LAST_BIN, PER_BIN, PER_FRAME } from './params';
import { PeakMap, type QueryPeaks } from './query';
import { type Hypothesis, Searcher } from './search';

const WINDOW = 10 * FRAMES_PER_SECOND;
const next = random(51);
const library = Array.from({ length: 60 }, (_, i) => {
  const durationS = 30 + 10 * (i % 7);
  return { trackId: 500 + i, durationS, words: randomWords(next, durationS), quiet: { start: 0, end: 0 } };
});
const index = buildIndex(library, 1);
const searcher = new Searcher(index);
const map = new PeakMap(WINDOW + 8);

/** A window of a track at a random place, and how many of its pairs are heard there. */
function air(track: number, hypothesis: Hypothesis) {
  const from = 1000 + Math.floor(next() * 3000);
  const to = from + WINDOW;
  const spare = library[track]!.durationS * FRAMES_PER_SECOND - hypothesis.tempo * WINDOW;
  const alignment: Alignment = { queryAt: from, referenceAt: next() * spare, ...hypothesis };
  const landmarks = library[track]!.words.filter(isLandmark);
  // Three in ten of its landmarks, none quite where it was, among three times as many of something else.
  const kept = landmarks.filter(() => next() < 0.3);
  const heard = playedPeaks(kept, alignment, from, to);
  const query = queryOf([...jittered(next, heard, 0.09), ...randomPeaks(next, from, to, 3 * heard.length)]);
  return { from, alignment, query, pairs: pairsHeard(landmarks, new Set(kept), alignment, from, to) };
}

function pairsHeard(
  landmarks: Uint32Array,
  kept: Set<number>,
  alignment: Alignment,
  from: number,
  to: number,
): number {
  const time = Float64Array.from(landmarks, (word) => timeOf(word) / PER_FRAME);
  const frequency = Float64Array.from(landmarks, (word) => frequencyOf(word) / PER_BIN);
  const heard = Array.from(landmarks, (word, i) => {
    const at = toQuery(alignment, time[i]!);
    return kept.has(word) && at >= from && at < to && frequency[i]! * alignment.pitch <= LAST_BIN;
  });
  let pairs = 0;
  forEachPair(time, frequency, landmarks.length, REFERENCE_FAN_OUT, (anchor, target) => {
    if (heard[anchor] && heard[target]) pairs++;
  });
  return pairs;
}

function search(query: QueryPeaks, hypothesis: Hypothesis, from: number) {
  map.load(query, from, from + WINDOW);
  return searcher.search(query, hypothesis, map);
}

const AS_RECORDED = { tempo: 1, pitch: 1 };

test.each([AS_RECORDED, { tempo: 1.02, pitch: 1.02 }, { tempo: 1.04, pitch: 1 }])(
  'finds track and offset by three in ten of the landmarks, at tempo $tempo and pitch $pitch',
  (hypothesis) => {
    let found = 0;
    for (let n = 0; n < 120; n++) {
      const track = n % library.length;
      const { from, alignment, query, pairs } = air(track, hypothesis);
      const candidates = search(query, hypothesis, from);
      expect(candidates.length).toBeLessThanOrEqual(5);
      const middle = from + WINDOW / 2;
      const right = candidates.find(
        (candidate) =>
          candidate.track === track &&
          Math.abs(toReference(candidate.alignment, middle) - toReference(alignment, middle)) < 2,
      );
      if (right) found++;
      // Three votes are needed; a pair may be at the edge of the zone, or have eight nearer ones among the others.
      if (pairs >= 5) expect(right?.votes, `${pairs} pairs`).toBeGreaterThanOrEqual(0.7 * pairs);
      // Each anchor has one vote, however many of its pairs agree.
      expect(right?.votes ?? 0).toBeLessThanOrEqual(pairs + 2);
      if (right) expect(right.alignment).toMatchObject(hypothesis);
    }
    expect(found).toBeGreaterThan(100);
  },
);

test('at another speed, and of what is not in the library, hardly anything is found', () => {
  let votes = 0;
  for (let n = 0; n < 60; n++) {
    const { from, query } = air(n, { tempo: 1.04, pitch: 1.04 });
    const unknown = queryOf(randomPeaks(next, from, from + WINDOW, 400));
    for (const asked of [query, unknown]) {
      for (const candidate of search(asked, AS_RECORDED, from)) votes = Math.max(votes, candidate.votes);
    }
  }
  expect(votes).toBeLessThanOrEqual(4);
});

test('looks into the index that it was told to use last', () => {
  const other = new Searcher(EMPTY_INDEX);
  const { from, query } = air(3, AS_RECORDED);
  map.load(query, from, from + WINDOW);
  expect(other.search(query, AS_RECORDED, map)).toEqual([]);
  other.use(index);
  expect(other.search(query, AS_RECORDED, map)).toEqual(searcher.search(query, AS_RECORDED, map));
  expect(other.search(query, AS_RECORDED, map)[0]?.track).toBe(3);
});

test('silence has no candidates', () => {
  expect(search(queryOf([]), AS_RECORDED, 0)).toEqual([]);
});
