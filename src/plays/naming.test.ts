import pino from 'pino';
import { expect, test } from 'vitest';
import { random } from '../../test/support/airplay';
import { randomWords } from '../../test/support/peaks';
import {
  type Fingerprint,
  packFingerprint,
  timeOf,
  unpackFingerprint,
} from '../recognition/local/fingerprint';
import { FRAMES_PER_SECOND, PER_FRAME } from '../recognition/local/params';
import type { DetectionMethod } from '../recognition/types';
import { nameUnknown } from './naming';

const kept = (durationS: number) => packFingerprint(durationS, randomWords(random(3), durationS));

/** What is done when a service names a play of which this fingerprint was kept. */
async function named(fingerprint: Fingerprint | undefined, method: DetectionMethod) {
  const references: (Fingerprint | undefined)[] = [];
  const plays: unknown[] = [];
  await nameUnknown(
    {
      log: pino({ level: 'silent' }),
      identified: async (_, __, heard) => {
        references.push(heard);
        return 77;
      },
      fingerprint: async () => fingerprint,
      playIdentified: async (...said) => {
        plays.push(said);
      },
    },
    'play-1',
    { status: 'success', method, identification: { title: 'Titre', artists: ['Artiste'], confidence: 0.9 } },
  );
  expect(plays).toEqual([['play-1', 77, method, 0.9]]);
  expect(references).toHaveLength(1);
  return references[0];
}

test('what was heard becomes the reference, without its edges', async () => {
  const reference = await named(kept(180), 'acoustid');
  expect(reference!.durationS).toBe(180);
  const seconds = [...unpackFingerprint(reference!).words].map(
    (word) => timeOf(word) / PER_FRAME / FRAMES_PER_SECOND,
  );
  expect(Math.min(...seconds)).toBeGreaterThan(5.9);
  expect(Math.max(...seconds)).toBeLessThan(174.1);
  expect(seconds.length).toBeGreaterThan(1000);
});

test('what is too short, too long to be one song, of another version or not kept becomes none: the play is named all the same', async () => {
  expect(await named(undefined, 'acoustid')).toBeUndefined();
  expect(await named(kept(12), 'acoustid')).toBeUndefined();
  expect(await named(kept(1500), 'audd')).toBeUndefined();
  expect(await named(kept(1500), 'acoustid')).toBeDefined();
  expect(await named({ ...kept(180), version: 3 }, 'acoustid')).toBeUndefined();
});
