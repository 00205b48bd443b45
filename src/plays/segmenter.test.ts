import { describe, expect, test } from 'vitest';
import { type Aired, reportsOf, seeded } from '../../test/support/heard-programme';
import { at, heard, Station, song, ZERO } from '../../test/support/segmenter-station';
import type { TrackLine } from '../recognition/types';

describe('a recognised song', () => {
  test('opens when its line is accepted, is written every 20 s at most, and completes', () => {
    const station = new Station();
    station.hear(heard([song(5, 20, 200)], 280));
    const [play, ...others] = station.plays();
    expect(others).toEqual([]);
    expect(play).toMatchObject({
      kind: 'track',
      trackId: 5,
      method: 'local',
      status: 'complete',
      confidence: 0.99,
    });
    expect(at(play!.startedAt)).toBeCloseTo(20, 0);
    expect(at(play!.endedAt)).toBeCloseTo(200, 0);
    expect(play!.startErrorS).toBe(0.5);
    expect(play!.evidence).toMatchObject({ sessionId: 's1', bestZ: 20, tempo: 1 });
    const open = station.written.filter(({ status }) => status === 'open');
    expect(open.length).toBeGreaterThanOrEqual(8);
    expect(open.length).toBeLessThanOrEqual(10);
    expect(at(open[0]!.endedAt)).toBeLessThan(36);
  });

  test('speech over it for 15 s leaves one play with two heard stretches', () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 200, { hidden: [{ fromS: 80, toS: 95 }] })], 280));
    expect(station.plays()).toHaveLength(1);
    const { heard: stretches } = station.plays()[0]!.evidence;
    expect(stretches).toHaveLength(2);
    expect(stretches[0]!.toS).toBeCloseTo(80, 0);
    expect(stretches[1]!.fromS).toBeCloseTo(95, 0);
    expect(stretches[1]!.refFromS).toBeCloseTo(85, 0);
  });

  test('a gap of a minute makes two plays', () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 260, { hidden: [{ fromS: 80, toS: 145 }] })], 330));
    expect(station.plays('track')).toHaveLength(2);
  });

  test('played twice in a row it is two plays, also where they cross', () => {
    for (const second of [180, 195]) {
      const station = new Station();
      station.hear(heard([song(5, 10, 190), song(5, second, second + 180)], 480));
      const plays = station.plays('track');
      expect(plays.map(({ startedAt }) => Math.round(at(startedAt) / 5) * 5)).toEqual([10, second]);
    }
  });

  test('an edit that leaves out a verse is one play', () => {
    const station = new Station();
    const first = song(5, 10, 80, { trackDurationS: 240 });
    station.hear(heard([first, song(5, 80, 190, { refFromS: 130, trackDurationS: 240 })], 260));
    expect(station.plays('track')).toHaveLength(1);
  });

  test('two songs that cross are two plays that overlap', () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 190), song(6, 182, 370)], 440));
    const [a, b] = station.plays();
    expect(station.plays()).toHaveLength(2);
    expect(b!.startedAt).toBeLessThan(a!.endedAt);
  });

  test('two duplicates in the library that answer at once are one play', () => {
    const station = new Station({ sameAs: (id) => (id === 55 ? 5 : id) });
    station.hear(heard([song(5, 10, 190), song(55, 10, 190, { refFromS: 0.7 })], 260));
    expect(station.plays()).toHaveLength(1);
    expect(station.plays()[0]).toMatchObject({ trackId: 5 });
  });

  test('a song that echoes itself is one play, and the echo is noted', () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 190), song(5, 60, 150, { refFromS: 20, trackDurationS: 180 })], 260));
    expect(station.plays('track')).toHaveLength(1);
    expect(station.notes).toContainEqual(expect.objectContaining({ what: 'echo', trackId: 5 }));
  });

  test('an echo that is still heard when the song has ended is no play either', () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 190), song(5, 100, 196, { refFromS: 60, trackDurationS: 180 })], 260));
    expect(station.plays('track')).toHaveLength(1);
    const [play] = station.plays('track');
    expect(play!.status).toBe('complete');
    expect(at(play!.startedAt)).toBeCloseTo(10, 0);
  });

  test.each([
    ['that ends', 12],
    // Where the recording ends, its play is complete: it is taken up again.
    ["the recording's own end", 60],
  ])(
    'a song that repeats itself, followed at the wrong place until %s, is one play with both',
    (_, refFromS) => {
      const station = new Station();
      const right = song(5, 10, 130, { trackDurationS: 120 });
      const wrong = song(5, 10, 70, { refFromS, trackDurationS: 120 });
      const reports = heard([wrong, right], 200).map((report) => ({
        ...report,
        // The right place is found only when the wrong one has ended.
        lines: report.lines.filter(({ refStartS }) => refStartS > 6 || report.upToS > 85),
      }));
      station.hear(reports);
      expect(station.plays()).toHaveLength(1);
      const [play] = station.plays();
      expect(play).toMatchObject({ kind: 'track', trackId: 5, status: 'complete' });
      expect(at(play!.startedAt)).toBeCloseTo(10, 0);
      expect(at(play!.endedAt)).toBeCloseTo(130, 0);
      expect(station.unidentifiedS).toBe(0);
    },
  );

  test('a few seconds at a wrong place, and then the whole song at the right one, are one play', () => {
    const station = new Station();
    const right = song(5, 10, 130, { trackDurationS: 120 });
    const wrong = song(5, 11, 20, { refFromS: 40, trackDurationS: 120 });
    const reports = heard([wrong, right], 200).map((report) => ({
      ...report,
      lines: report.lines.filter(({ refStartS }) => refStartS > 6 || report.upToS > 40),
    }));
    station.hear(reports);
    expect(station.plays()).toHaveLength(1);
    expect(at(station.plays()[0]!.startedAt)).toBeCloseTo(10, 0);
    expect(at(station.plays()[0]!.endedAt)).toBeCloseTo(130, 0);
  });

  test("keeps the station's own title as a hint", () => {
    const station = new Station();
    const reports = heard([song(5, 10, 100)], 160);
    station.hear(reports.slice(0, 6));
    station.segmenter.title('s1', 'Artiste - Titre', 15);
    station.hear(reports.slice(6));
    expect(station.plays()[0]!.evidence.streamTitle).toBe('Artiste - Titre');
  });
});

describe('a lost stream', () => {
  const lost = (backAfterS: number, refShiftS = 0) => {
    const station = new Station();
    station.hear(heard([song(5, 10, 210)], 100));
    station.end('s1', 100, ZERO + 100_000, 'stall');
    const zero = ZERO + (100 + backAfterS) * 1000;
    const refFromS = 90 + backAfterS + refShiftS;
    station.take(station.segmenter.sessionStarted('s2'));
    station.hear(heard([song(5, 0, 200 - refFromS, { refFromS })], 240, 's2'), zero);
    return station;
  };

  test('that is back within a minute goes on with the same play', () => {
    const station = lost(25);
    expect(station.plays('track')).toHaveLength(1);
    const [play] = station.plays();
    expect(play).toMatchObject({ status: 'complete', evidence: { sessionId: 's1' } });
    expect(at(play!.startedAt)).toBeCloseTo(10, 0);
    expect(at(play!.endedAt)).toBeCloseTo(210, 0);
    expect(play!.evidence.heard).toHaveLength(2);
  });

  test('whose song has been started again meanwhile cuts the play', () => {
    const station = lost(25, -60);
    expect(station.plays('track').map(({ status, cutReason }) => [status, cutReason])).toEqual([
      ['cut', 'stall'],
      ['complete', undefined],
    ]);
  });

  test('that does not come back cuts the play, at the moment until which it was heard', () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 210)], 100));
    station.end('s1', 100, ZERO + 100_000, 'stall');
    station.take(station.segmenter.tick(ZERO + 150_000));
    expect(station.plays()[0]!.status).toBe('open');
    station.take(station.segmenter.tick(ZERO + 185_000));
    expect(station.plays()[0]).toMatchObject({ status: 'cut', cutReason: 'stall' });
    expect(at(station.plays()[0]!.endedAt)).toBeCloseTo(100, 0);
  });

  test('after the end of a song does not make that song cut', () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 60)], 75));
    station.end('s1', 75, ZERO + 75_000, 'stall');
    station.take(station.segmenter.tick(ZERO + 300_000));
    expect(station.plays()).toMatchObject([{ status: 'complete' }]);
  });

  test('whose last reports come late loses nothing of them', () => {
    const station = new Station();
    const reports = heard([song(5, 10, 210)], 100);
    station.hear(reports.slice(0, 30));
    station.end('s1', 100, ZERO + 100_000, 'stall');
    station.hear(reports.slice(30));
    station.take(station.segmenter.tick(ZERO + 300_000));
    expect(at(station.plays()[0]!.endedAt)).toBeCloseTo(100, 0);
    station.hear(reports.slice(-1));
    expect(station.plays()).toHaveLength(1);
    expect(station.notes).toContainEqual({ what: 'late', sessionId: 's1' });
  });
});

describe('a restart of the service', () => {
  const interrupted = () => {
    const station = new Station();
    station.hear(heard([song(5, 10, 210)], 100));
    station.take(station.segmenter.suspend());
    return station.plays().filter(({ status }) => status === 'open');
  };

  test('in the middle of a song goes on with its play', () => {
    const open = interrupted();
    expect(open).toHaveLength(1);
    const station = new Station({ newId: () => 'new' });
    station.resume(open, ZERO + 120_000);
    station.hear(heard([song(5, 0, 80, { refFromS: 120, trackDurationS: 200 })], 150, 's2'), ZERO + 130_000);
    expect(station.plays()).toMatchObject([{ id: open[0]!.id, status: 'complete' }]);
    expect(at(station.plays()[0]!.startedAt)).toBeCloseTo(10, 0);
    expect(at(station.plays()[0]!.endedAt)).toBeCloseTo(210, 0);
  });

  test('closes what does not go on', () => {
    const station = new Station();
    station.resume(interrupted(), ZERO + 500_000);
    station.take(station.segmenter.tick(ZERO + 600_000));
    expect(station.plays()).toMatchObject([{ status: 'cut', cutReason: 'restart' }]);
    expect(at(station.plays()[0]!.endedAt)).toBeCloseTo(100, 0);
  });
});

describe('unknown music', () => {
  test('is two plays where the station changes a title that stood for a song, one where it is a slogan', () => {
    const titled = (changes: readonly [atS: number, title: string][]) => {
      const station = new Station();
      const reports = heard([song(undefined, 20, 400)], 460);
      for (const report of reports) {
        for (const [atS, title] of changes) {
          if (report.upToS - report.hopS <= atS && atS < report.upToS)
            station.segmenter.title('s1', title, atS);
        }
        station.hear([report]);
      }
      return station.plays('unknown');
    };
    const songs = titled([
      [21, 'Un'],
      [203, 'Deux'],
    ]);
    expect(songs).toHaveLength(2);
    expect(at(songs[0]!.endedAt)).toBeCloseTo(203, 1);
    expect(at(songs[1]!.startedAt)).toBeCloseTo(203, 1);
    expect(songs[1]!.startErrorS).toBe(10);
    expect(songs[1]!.evidence.streamTitle).toBe('Deux');
    const slogans = titled([
      [21, 'Un'],
      [61, 'Radio !'],
      [101, 'Un'],
    ]);
    expect(slogans).toHaveLength(1);
  });

  test('is a play with its exact stretch, written after 30 s', () => {
    const station = new Station();
    station.hear(heard([song(undefined, 20, 140)], 200));
    expect(station.plays()).toMatchObject([{ kind: 'unknown', status: 'complete' }]);
    const [play] = station.plays();
    expect(play).not.toHaveProperty('trackId');
    expect(play).not.toHaveProperty('confidence');
    expect(at(play!.startedAt)).toBeCloseTo(20, 1);
    expect(at(play!.endedAt)).toBeCloseTo(140, 1);
    expect(station.unidentifiedS).toBeCloseTo(120, 1);
    expect(at(station.written[0]!.endedAt)).toBeGreaterThanOrEqual(50);
  });

  test('shorter than 20 s is no play but counts', () => {
    const station = new Station();
    station.hear(heard([song(undefined, 20, 35)], 100));
    expect(station.plays()).toEqual([]);
    expect(station.unidentifiedS).toBeCloseTo(15, 1);
    expect(station.notes).toMatchObject([{ what: 'short_music', fromS: 20, toS: 35 }]);
  });

  test('that the caller knows as a jingle is one', () => {
    const station = new Station({ isJingle: ({ fromS }) => fromS === 20 });
    station.hear(heard([song(undefined, 20, 30), song(undefined, 60, 70)], 100));
    expect(station.plays()).toMatchObject([{ kind: 'jingle', status: 'complete' }]);
    expect(station.unidentifiedS).toBeCloseTo(10, 1);
  });

  test('before a recognised song ends where that begins', () => {
    const station = new Station();
    station.hear(heard([song(undefined, 0, 101), song(5, 101, 250)], 300));
    const [unknown, track] = station.plays();
    expect(station.plays()).toHaveLength(2);
    expect(unknown).toMatchObject({ kind: 'unknown', status: 'complete' });
    expect(at(unknown!.endedAt)).toBeCloseTo(101, 0);
    expect(unknown!.endedAt).toBeLessThanOrEqual(track!.startedAt);
  });

  test('that turns out to be the beginning of a song becomes its play', () => {
    const station = new Station();
    const reports = heard([song(undefined, 0, 200)], 200);
    const late: TrackLine = {
      ...heard([song(5, 0, 200)], 200).at(-2)!.lines[0]!,
      startS: 1,
      refStartS: 1,
    };
    station.hear(
      reports.map((report) =>
        report.upToS < 60
          ? report
          : { ...report, lines: [{ ...late, endS: report.upToS, refEndS: report.upToS }] },
      ),
    );
    expect(station.written[0]).toMatchObject({ kind: 'unknown', revision: 1 });
    expect(station.plays()).toMatchObject([{ kind: 'track', trackId: 5, id: station.written[0]!.id }]);
    expect(at(station.plays()[0]!.startedAt)).toBeCloseTo(1, 1);
  });

  test('is cut by a lost stream', () => {
    const station = new Station();
    station.hear(heard([song(undefined, 20, 300)], 100));
    station.end('s1', 100, ZERO + 100_000, 'stall');
    expect(station.plays()).toMatchObject([{ kind: 'unknown', status: 'cut', cutReason: 'stall' }]);
  });

  test('named by a service while it goes on becomes a track play and goes on', () => {
    const station = new Station();
    const reports = heard([song(undefined, 20, 140)], 200);
    station.hear(reports.slice(0, 24));
    const [play] = station.plays();
    station.take(station.segmenter.identified(play!.id, 9, 'audd')!);
    station.hear(reports.slice(24));
    expect(station.plays()).toMatchObject([
      { id: play!.id, kind: 'track', trackId: 9, method: 'audd', status: 'complete' },
    ]);
    expect(station.plays()[0]).not.toHaveProperty('confidence');
    expect(at(station.plays()[0]!.endedAt)).toBeCloseTo(140, 1);
    expect(station.unidentifiedS).toBe(0);
  });

  test('longer than a quarter of an hour is more than one play, without a hole', () => {
    const station = new Station();
    station.hear(heard([song(undefined, 0, 2000)], 2050));
    const plays = station.plays();
    expect(plays).toHaveLength(3);
    for (const [i, play] of plays.entries()) {
      if (i > 0) expect(play.startedAt).toBe(plays[i - 1]!.endedAt);
    }
    expect(station.unidentifiedS).toBeCloseTo(2000, 0);
  });

  test('a line of which nothing more is said ends where it was last heard', () => {
    const station = new Station();
    const reports = heard([song(5, 0, 400)], 200).map((report) =>
      report.upToS > 60 ? { ...report, lines: [] } : report,
    );
    station.hear(reports);
    expect(station.plays('track')).toMatchObject([{ status: 'complete' }]);
    expect(at(station.plays('track')[0]!.endedAt)).toBeCloseTo(60, 0);
  });
});

/** A random programme: songs known and unknown, talk, crossfades, talk-overs, repeats. */
function programme(random: () => number): { aired: Aired[]; lengthS: number } {
  const aired: Aired[] = [];
  let atS = random() * 20;
  for (let i = 0; i < 12; i++) {
    const lengthS = 40 + random() * 200;
    const tempo = random() < 0.3 ? 0.97 + random() * 0.06 : 1;
    const hidden: { fromS: number; toS: number }[] = [];
    if (random() < 0.3 && lengthS > 90) {
      const fromS = atS + 30 + random() * (lengthS - 80);
      hidden.push({ fromS, toS: fromS + 4 + random() * 14 });
    }
    // Few tracks, so that repeats happen, also in a row.
    const known = random() < 0.7;
    aired.push(song(known ? 1 + Math.floor(random() * 4) : undefined, atS, atS + lengthS, { tempo, hidden }));
    const between = random();
    const gap = between < 0.4 ? -random() * 6 : between < 0.7 ? 0 : 12 + random() * 40;
    atS += lengthS + (known ? gap : Math.max(0, gap));
  }
  return { aired, lengthS: atS + 120 };
}

describe('three hundred random programmes', () => {
  const hear = (seed: number) => {
    const random = seeded(seed);
    const { aired, lengthS } = programme(random);
    const reports = reportsOf(aired, lengthS, random, { stationId: 1, sessionId: 's1' });
    const station = new Station();
    station.hear(reports);
    station.end('s1', lengthS, ZERO + lengthS * 1000);
    station.take(station.segmenter.tick(ZERO + lengthS * 1000 + 600_000));
    return { aired, station };
  };
  const runs = new Map<number, ReturnType<typeof hear>>();
  const run = (seed: number) => {
    const known = runs.get(seed) ?? hear(seed);
    runs.set(seed, known);
    return known;
  };

  test('every recognised song is one play with its bounds, and no other is there', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { aired, station } = run(seed);
      const known = aired.filter(({ trackId }) => trackId !== undefined);
      const plays = station.plays('track');
      const said = plays.map(
        (play) => `${play.trackId} ${at(play.startedAt).toFixed(0)}–${at(play.endedAt).toFixed(0)}`,
      );
      const truth = known.map(
        ({ trackId, fromS, toS }) => `${trackId} ${fromS.toFixed(0)}–${toS.toFixed(0)}`,
      );
      expect(plays.length, `seed ${seed}\n${truth.join('\n')}\n\n${said.join('\n')}`).toBe(known.length);
      for (const [i, item] of known.entries()) {
        const play = plays[i]!;
        expect(play.trackId, `seed ${seed}`).toBe(item.trackId);
        expect(Math.abs(at(play.startedAt) - item.fromS), `seed ${seed}`).toBeLessThan(1);
        expect(Math.abs(at(play.endedAt) - item.toS), `seed ${seed}`).toBeLessThan(1);
        expect(play.status).toBe('complete');
      }
    }
  });

  test('nothing stays open, unknown plays lie beside recognised ones and only on unknown music', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { aired, station } = run(seed);
      expect(station.plays().filter(({ status }) => status === 'open')).toEqual([]);
      for (const unknown of station.plays('unknown')) {
        for (const track of station.plays('track')) {
          const sharedMs =
            Math.min(unknown.endedAt, track.endedAt) - Math.max(unknown.startedAt, track.startedAt);
          expect(sharedMs, `seed ${seed}`).toBeLessThanOrEqual(1);
        }
        const middle = (at(unknown.startedAt) + at(unknown.endedAt)) / 2;
        const truth = aired.filter(({ fromS, toS }) => fromS <= middle && middle <= toS);
        expect(
          truth.some(({ trackId }) => trackId === undefined),
          `seed ${seed} at ${middle}`,
        ).toBe(true);
      }
    }
  });

  test('a play is written at most once per 20 s of it, besides its opening, its changes and its end', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { station } = run(seed);
      for (const play of station.plays()) {
        expect(play.revision).toBeLessThanOrEqual((play.endedAt - play.startedAt) / 20_000 + 5);
      }
    }
  });

  test('the same reports give the same plays', () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(hear(seed).station.written).toEqual(run(seed).station.written);
    }
  });

  test('a stream lost and back, again and again, never makes two plays of one alignment', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seeded(seed);
      const { aired, lengthS } = programme(random);
      const station = new Station();
      let session = 0;
      for (let fromS = 0; fromS < lengthS; ) {
        const toS = Math.min(lengthS, fromS + 60 + random() * 300);
        const sessionId = `s${++session}`;
        const shifted = aired.flatMap((item) => {
          const [a, b] = [Math.max(item.fromS, fromS), Math.min(item.toS, toS)];
          if (b <= a) return [];
          const hidden = item.hidden
            .map((h) => ({ fromS: Math.max(a, h.fromS) - fromS, toS: Math.min(b, h.toS) - fromS }))
            .filter((h) => h.toS > h.fromS);
          const refFromS = (a - item.fromS) * item.tempo;
          return [{ ...item, fromS: a - fromS, toS: b - fromS, refFromS, hidden }];
        });
        const length = Math.floor((toS - fromS) / 2.5) * 2.5;
        // The air's clock is known to a second or two only.
        const zero = ZERO + fromS * 1000 + (random() - 0.5) * 2000;
        station.take(station.segmenter.sessionStarted(sessionId));
        station.hear(reportsOf(shifted, length, random, { stationId: 1, sessionId }), zero);
        station.end(sessionId, length, ZERO + toS * 1000, 'stall');
        fromS = toS + 1 + random() * 12;
      }
      station.take(station.segmenter.tick(ZERO + lengthS * 1000 + 600_000));
      expect(station.plays().filter(({ status }) => status === 'open')).toEqual([]);
      // One place on a recording at one moment belongs to one play only.
      for (const item of aired) {
        if (item.trackId === undefined) continue;
        const plays = station.plays('track').filter((play) => {
          const middle = (at(play.startedAt) + at(play.endedAt)) / 2;
          return play.trackId === item.trackId && middle > item.fromS && middle < item.toS;
        });
        const longest = Math.max(0, ...item.hidden.map((h) => h.toS - h.fromS));
        if (longest === 0)
          expect(plays.length, `seed ${seed}, ${item.trackId} at ${item.fromS}`).toBeLessThanOrEqual(1);
      }
    }
  });
});
