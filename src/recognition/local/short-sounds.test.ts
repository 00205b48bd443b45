import { expect, test } from 'vitest';
import { babble, mix, music } from '../../../test/support/airplay';
import { ShortSounds } from './short-sounds';

const jingles = Array.from({ length: 12 }, (_, i) => music(4000 + i, 6 + i / 2));

test('a jingle that comes again is known, whatever is a little around it', () => {
  const sounds = new ShortSounds();
  for (const jingle of jingles) expect(sounds.heardBefore(jingle)).toBe(false);
  for (const jingle of jingles) {
    const again = mix(jingle.length / 8000 + 2, [
      { audio: jingle, atS: 1.3, gain: 0.7 },
      { audio: babble(3, 1), atS: 0 },
    ]);
    expect(sounds.heardBefore(again)).toBe(true);
  }
});

test('other music, speech and what is too short are not', () => {
  const sounds = new ShortSounds();
  for (const jingle of jingles) sounds.heardBefore(jingle);
  for (let i = 0; i < 12; i++) expect(sounds.heardBefore(music(9000 + i, 10))).toBe(false);
  expect(sounds.heardBefore(babble(5, 8))).toBe(false);
  expect(sounds.heardBefore(jingles[0]!.subarray(0, 3 * 8000))).toBe(false);
});

test('forgets the oldest beyond its capacity', () => {
  const sounds = new ShortSounds(2);
  for (const jingle of jingles.slice(0, 3)) sounds.heardBefore(jingle);
  expect(sounds.heardBefore(jingles[2]!)).toBe(true);
  expect(sounds.heardBefore(jingles[0]!)).toBe(false);
});
