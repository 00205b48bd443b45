import { expect, test } from 'vitest';
import { type Aired, seeded } from '../../test/support/heard-programme';
import { at, heard, Station, song, ZERO } from '../../test/support/segmenter-station';

/** As `heard`, but lines of this track turn out to be worth so little once they are over. */
const doubted = (trackId: number, confidence: number, aired: readonly Aired[], lengthS: number) =>
  heard(aired, lengthS).map((report) => ({
    ...report,
    lines: report.lines.map((line) =>
      line.trackId === trackId && line.closed ? { ...line, confidence } : line,
    ),
  }));

/** Unknown music with something in its middle that another recording has as well. */
const shared = [song(undefined, 20, 220), song(9, 80, 125)];

test('a sound that another recording has as well is no play of it: the music around it is nobody’s, all of it', () => {
  const station = new Station();
  station.hear(doubted(9, 0.02, shared, 320));
  expect(station.plays('track')).toEqual([]);
  const unknown = station.plays('unknown');
  expect(unknown.map(({ status }) => status)).toEqual(['complete', 'complete']);
  expect(at(unknown[0]!.startedAt)).toBeCloseTo(20, 0);
  expect(unknown[1]!.startedAt).toBe(unknown[0]!.endedAt);
  expect(at(unknown[1]!.endedAt)).toBeCloseTo(220, 0);
  expect(station.unidentifiedS).toBeCloseTo(200, 0);
  // It was said while it sounded; the last revision says that nothing is left of it, and of whom.
  const said = station.written.filter(({ trackId }) => trackId === 9);
  expect(said.length).toBeGreaterThan(0);
  const last = station.last.get(said[0]!.id)!;
  expect(last).toMatchObject({ kind: 'unknown', status: 'complete', startedAt: last.endedAt });
  expect(last).not.toHaveProperty('trackId');
  expect(last).not.toHaveProperty('method');
  expect(last).not.toHaveProperty('confidence');
  expect(station.notes).toContainEqual({ what: 'withdrawn', playId: last.id, trackId: 9, confidence: 0.02 });
});

test('what is believed more than that stays, with its confidence', () => {
  const station = new Station();
  station.hear(doubted(9, 0.3, shared, 320));
  expect(station.plays('track')).toMatchObject([{ trackId: 9, confidence: 0.3, status: 'complete' }]);
  expect(station.unidentifiedS).toBeCloseTo(155, 0);
});

test('a doubtful beginning of a song that is then beyond doubt belongs to its play', () => {
  const station = new Station();
  // Speech hides it for a while: two lines, of which the first was worth nothing.
  const aired = [song(9, 20, 220, { hidden: [{ fromS: 50, toS: 65 }] })];
  const reports = heard(aired, 300).map((report) => ({
    ...report,
    lines: report.lines.map((line) => (line.lineId === 1 ? { ...line, confidence: 0.02 } : line)),
  }));
  station.hear(reports);
  expect(station.plays()).toMatchObject([{ trackId: 9, confidence: 0.99, status: 'complete' }]);
  expect(at(station.plays()[0]!.startedAt)).toBeCloseTo(20, 0);
});

test('where the stream is lost after it, its music is still somebody’s whom we do not know', () => {
  const station = new Station();
  station.hear(
    doubted(9, 0.02, [song(undefined, 20, 130), song(9, 80, 125, { trackDurationS: 300 })], 132.5),
  );
  station.end('s1', 132.5, ZERO + 132_500, 'stall');
  station.take(station.segmenter.tick(ZERO + 400_000));
  expect(station.plays('track')).toEqual([]);
  expect(station.plays('unknown').every(({ status }) => status !== 'open')).toBe(true);
  expect(station.unidentifiedS).toBeCloseTo(110, 0);
});

test('minutes of it are not forgotten before that is known', () => {
  const station = new Station();
  station.hear(doubted(9, 0.02, [song(undefined, 20, 700), song(9, 60, 600, { trackDurationS: 900 })], 800));
  expect(station.plays('track')).toEqual([]);
  expect(station.unidentifiedS).toBeCloseTo(680, 0);
});

test('a known jingle beside it stays one', () => {
  const station = new Station({ isJingle: ({ fromS }) => fromS > 100 });
  station.hear(doubted(9, 0.02, [song(9, 80, 125, { trackDurationS: 300 }), song(undefined, 125, 135)], 320));
  expect(station.plays('track')).toEqual([]);
  expect(station.plays('jingle').map(({ startedAt }) => Math.round(at(startedAt)))).toEqual([125]);
  expect(station.plays('unknown').map(({ endedAt }) => Math.round(at(endedAt)))).toEqual([125]);
  expect(station.unidentifiedS).toBeCloseTo(45, 0);
});

test('whatever is withdrawn between songs that are known and not: all music is told once, and nothing stays open', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed);
    const aired: Aired[] = [];
    let atS = 10;
    let unknownS = 0;
    for (let i = 0; i < 6; i++) {
      const lengthS = 40 + random() * 200;
      const known = random() < 0.4;
      aired.push(song(known ? 100 + i : undefined, atS, atS + lengthS));
      if (!known) {
        unknownS += lengthS;
        const from = atS + random() * (lengthS - 30);
        // Long enough to be accepted; also up to the song's end, or over it.
        const to = Math.min(from + 25 + random() * 60, atS + lengthS);
        aired.push(song(9, from, to, { refFromS: 10, trackDurationS: 400 }));
      }
      atS += lengthS + (random() < 0.5 ? 12 : 25);
    }
    const station = new Station();
    station.hear(doubted(9, 0.02, aired, atS + 100));
    station.end('s1', atS + 100, ZERO + (atS + 100) * 1000);
    station.take(station.segmenter.tick(ZERO + (atS + 600) * 1000));
    const all = station.plays();
    expect(all.filter(({ status }) => status === 'open')).toEqual([]);
    expect(all.filter(({ trackId }) => trackId === 9)).toEqual([]);
    expect(all.filter(({ kind }) => kind === 'track')).toHaveLength(
      aired.filter(({ trackId }) => trackId !== undefined && trackId !== 9).length,
    );
    for (const [i, play] of all.slice(1).entries()) {
      expect(play.startedAt, `seed ${seed}`).toBeGreaterThanOrEqual(all[i]!.endedAt - 2_000);
    }
    const told = station
      .plays('unknown')
      .reduce((sum, play) => sum + (play.endedAt - play.startedAt) / 1000, 0);
    // Edges are known to a hop, twice for each song.
    expect(Math.abs(told - unknownS), `seed ${seed}`).toBeLessThan(6 * 5);
    expect(Math.abs(station.unidentifiedS - unknownS), `seed ${seed}`).toBeLessThan(6 * 5);
  }
});
