import { describe, expect, test } from 'vitest';
import type { TruthEntry } from '../../src/simulator/truth';
import { judge, type LoggedPlay } from './verdict';

const song = (startedAt: number, endedAt: number, title: string, kind: TruthEntry['kind'] = 'track') => ({
  station: 'a',
  kind,
  key: title,
  title,
  startedAt,
  endedAt,
  offsetS: 0,
  speed: 1,
  fadeInS: 0,
  fadeOutS: 0,
  cut: false,
  talkedOver: [],
  unheard: [],
});
const play = (startedAt: number, endedAt: number, title?: string, station = 'a'): LoggedPlay => ({
  station,
  kind: title === undefined ? 'unknown' : 'track',
  title,
  startedAt,
  endedAt,
});
const always = { from: 0, to: 1e6 };

describe('a log of plays beside the truth', () => {
  test('errors of edges and the time to a name', () => {
    const verdict = judge(
      [song(10_000, 70_000, 'x')],
      [play(10_500, 68_000, 'x')],
      [{ station: 'a', title: 'x', at: 17_000 }],
      always,
    );
    expect(verdict).toMatchObject({
      aired: 1,
      recognised: 1,
      repeated: 0,
      startErrors: [0.5],
      endErrors: [2],
    });
    expect(verdict.naming).toEqual([7]);
    expect(verdict.invented).toEqual([]);
  });

  test('a song that is not logged, or on another station only, is missed; what was not aired is invented', () => {
    const verdict = judge(
      [song(0, 60_000, 'x')],
      [play(0, 60_000, 'x', 'b'), play(0, 60_000, 'y')],
      [],
      always,
    );
    expect(verdict).toMatchObject({ aired: 1, recognised: 0 });
    expect(verdict.missed.map(({ title }) => title)).toEqual(['x']);
    expect(verdict.invented.map(({ station, title }) => [station, title])).toEqual([
      ['b', 'x'],
      ['a', 'y'],
    ]);
  });

  test('a song logged in two pieces is logged twice; short ones and those beyond the bounds are not judged', () => {
    const truth = [song(0, 60_000, 'x'), song(70_000, 90_000, 'y'), song(100_000, 2e6, 'z')];
    const plays = [play(0, 38_000, 'x'), play(40_000, 60_000, 'x')];
    expect(judge(truth, plays, [], always)).toMatchObject({ aired: 1, recognised: 1, repeated: 1 });
  });

  test('unknown songs', () => {
    const truth = [song(0, 60_000, 'x', 'unknown'), song(60_000, 120_000, 'y', 'unknown')];
    const plays = [play(0, 20_000), play(25_000, 58_000), play(100_000, 120_000)];
    expect(judge(truth, plays, [], always)).toMatchObject({ unknownAired: 2, unknownLogged: 1 });
  });
});
