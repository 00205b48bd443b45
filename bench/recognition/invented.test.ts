import { expect, test } from 'vitest';
import type { Play } from '../../src/plays/types';
import type { TruthEntry } from '../../src/simulator/truth';
import { mix, music } from '../../test/support/airplay';
import { judgeInvented } from './invented';

const BEGIN = 1_000_000;
const sampled = music(51, 40);
/** Of which the last ten seconds are the first ones of `sampled`. */
const sampling = mix(30, [
  { audio: music(52, 30), atS: 0, toS: 20 },
  { audio: sampled, atS: 20, toS: 10 },
]);

function aired(key: string, startedAt: number, seconds: number): TruthEntry {
  return {
    ...{ station: 'Essai', kind: 'unknown', key, title: key, startedAt, endedAt: startedAt + 1000 * seconds },
    ...{ offsetS: 0, speed: 1, fadeInS: 0, fadeOutS: 0, cut: false, talkedOver: [], unheard: [] },
  };
}

/** A play of `sampled` from its beginning, said to have been heard from this second of the air on. */
function play(fromS: number, seconds: number): Play {
  const startedAt = BEGIN + 1000 * fromS;
  const heard = [{ fromS: 500, toS: 500 + seconds, refFromS: 0, refToS: seconds }];
  return {
    ...{ id: 'p', revision: 1, stationId: 1, kind: 'track', status: 'complete', trackId: 7 },
    ...{ startedAt, startErrorS: 0, endedAt: startedAt + 1000 * seconds, endErrorS: 0 },
    evidence: { sessionId: 's', heard },
  };
}

const recording = {
  of: ({ key }: TruthEntry) => (key === 'sampling' ? sampling : music(53, 30)),
  ofTrack: () => sampled,
};

test('a recording that contains the same sound there is told from an invention', () => {
  const on = [aired('sampling', BEGIN, 30), aired('stranger', BEGIN + 30_000, 30)];
  const same = judgeInvented(play(20, 10), on, recording);
  expect(same.shared).toBe(true);
  expect(same.instead?.key).toBe('sampling');
  // The same sound, but not where it was said to be.
  expect(judgeInvented(play(5, 10), on, recording).shared).toBe(false);
  const invented = judgeInvented(play(40, 10), on, recording);
  expect(invented.shared).toBe(false);
  expect(invented.instead?.key).toBe('stranger');
  expect(judgeInvented(play(100, 10), on, recording)).toMatchObject({ instead: undefined, shared: false });
});
