import { expect, test } from 'vitest';
import { bestOffset, decodeWhole } from '../../../test/support/simulated-audio';
import { AIR_CODECS, AIR_RATE } from '../air';
import { EncodedSource } from '../live/source';
import { stationNames } from '../live/station';
import { Mixer, renderProgramme } from '../mixer';
import { Programme } from '../programme';
import { RecordedAudio } from '../recorded-audio';
import { Repertoire } from '../repertoire';
import { PROFILE_SETTINGS } from '../styles';
import { flacFile } from './flac-file';

const audio = new RecordedAudio(3);
const repertoire = new Repertoire({ seed: 3, tracks: 3, unknown: 0, minSeconds: 30, maxSeconds: 40 });
const programme = new Programme(3, 'a', repertoire, PROFILE_SETTINGS.demo.style);
const mixer = new Mixer(programme, audio);

test.each(AIR_CODECS)('%s: a listener hears the programme, on time', (codec) => {
  const source = new EncodedSource(codec, 'Essai (simulée)', mixer, () => false, 5_000);
  const pieces = [...source.advance(7_000), ...source.advance(11_000)];
  source.close();
  expect(pieces.at(-1)!.endMs).toBeGreaterThan(10_000);
  const bytes = Buffer.concat([source.head, ...pieces.map(({ data }) => data)]);
  const { samples, rate } = decodeWhole(bytes, stationNames(0, codec).mount.split('.')[1]!);
  const heard = rate === AIR_RATE ? samples : samples.filter((_, i) => i % (rate / AIR_RATE) === 0);
  const expected = renderProgramme(mixer, 5_000, 11_000);
  // A second of what was heard, two seconds in, looked for 60 ms around where it must be.
  const found = bestOffset(heard.subarray(48_000, 72_000), expected, 48_000 - 1_440, 48_000 + 1_440);
  expect(found.correlation).toBeGreaterThan(0.85);
  expect(Math.abs(found.offset - 48_000)).toBeLessThan(5 * 24);
});

test('a FLAC file holds the very samples', () => {
  const samples = audio.get('t001', 10_008);
  const { samples: decoded, rate } = decodeWhole(flacFile(samples, [['TITLE', 'Essai (simulé)']]), 'flac');
  expect(rate).toBe(AIR_RATE);
  expect(Int16Array.from(decoded, (x) => Math.round(x * 32_768))).toEqual(samples);
});
