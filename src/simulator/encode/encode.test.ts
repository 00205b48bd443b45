import { expect, test } from 'vitest';
import { bestOffset, decodeWhole } from '../../../test/support/simulated-audio';
import { AIR_CODECS, AIR_RATE } from '../air';
import { EncodedSource } from '../live/source';
import { stationNames } from '../live/station';
import { Mixer, renderProgramme } from '../mixer';
import { Programme } from '../programme';
import { RecordedAudio } from '../recorded-audio';
import { synthesisedRepertoire } from '../repertoire';
import { PROFILE_SETTINGS } from '../styles';
import { flacFile } from './flac-file';
import { mp3Frames } from './mp3-frames';

const audio = new RecordedAudio(3);
const repertoire = synthesisedRepertoire({ seed: 3, tracks: 3, unknown: 0, minSeconds: 30, maxSeconds: 40 });
const programme = new Programme(3, 'a', repertoire, PROFILE_SETTINGS.demo.style);
const mixer = new Mixer(programme, audio);

const muted = () => false;

test.each(AIR_CODECS)('%s: a listener hears the programme, on time', (codec) => {
  const source = new EncodedSource({
    codec,
    mixer,
    muted,
    fromMs: 5_000,
    tagsAt: () => [['TITLE', 'Essai (simulée)']],
  });
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

test.each(['vorbis', 'opus', 'flac'] as const)(
  '%s: a chained stream begins anew with every song',
  (codec) => {
    const songs = programme.elementsBetween(0, 200_000).filter(({ recording }) => recording);
    const change = songs[1]!.startMs;
    const tagsAt = (atMs: number): [string, string][] => [['TITLE', atMs < change ? 'Avant' : 'Après']];
    const fromMs = change - 4_000;
    const source = new EncodedSource({ codec, mixer, muted, fromMs, tagsAt, chained: true });
    const first = source.head;
    const pieces = source.advance(change + 6_000);
    source.close();
    const restart = pieces.findIndex(({ restarts }) => restarts);
    expect(first.includes('TITLE=Avant')).toBe(true);
    expect(source.head.includes('TITLE=Après')).toBe(true);
    expect(pieces[restart]!.data).toEqual(source.head);
    expect(Math.abs(pieces[restart]!.endMs - change)).toBeLessThan(300);
    // Who comes after the change gets the new head and what follows it; it is heard on time.
    const late = Buffer.concat([source.head, ...pieces.slice(restart + 1).map(({ data }) => data)]);
    const { samples, rate } = decodeWhole(late, 'ogg');
    const heard = rate === AIR_RATE ? samples : samples.filter((_, i) => i % (rate / AIR_RATE) === 0);
    const expected = renderProgramme(mixer, change - 500, change + 6_000);
    const found = bestOffset(heard.subarray(48_000, 60_000), expected, 48_000, 48_000 + 2 * 12_000);
    expect(found.correlation).toBeGreaterThan(0.85);
    // And the whole decodes as one stream of both.
    const whole = decodeWhole(Buffer.concat([first, ...pieces.map(({ data }) => data)]), 'ogg');
    expect(whole.samples.length / whole.rate).toBeGreaterThan(9.3);
  },
);

test('MP3 in studio quality is stereo at 48 kHz, in frames that can be spliced', () => {
  const samples = audio.get('t001', 10_008);
  const frames = mp3Frames(samples, 'studio');
  expect(frames.length).toBe((10_008 / 24) * 384);
  const other = mp3Frames(audio.get('t002', 10_008), 'studio');
  const spliced = Buffer.concat([frames.subarray(0, 200 * 384), other.subarray(200 * 384)]);
  const { samples: decoded, rate } = decodeWhole(spliced, 'mp3');
  expect(rate).toBe(48_000);
  const heard = decoded.filter((_, i) => i % 2 === 0);
  const before = bestOffset(heard.subarray(48_000, 60_000), samples, 46_000, 49_000);
  expect(before.correlation).toBeGreaterThan(0.9);
  const after = bestOffset(heard.subarray(144_000, 156_000), audio.get('t002', 10_008), 142_000, 145_000);
  expect(after.correlation).toBeGreaterThan(0.9);
  expect(Math.abs(after.offset - before.offset - 96_000)).toBeLessThan(3);
});
