import { expect, test } from 'vitest';
import { bestOffset } from '../../test/support/simulated-audio';
import { SAMPLES_PER_MS } from './air';
import { Mixer, renderProgramme } from './mixer';
import { Programme } from './programme';
import { RecordedAudio } from './recorded-audio';
import { synthesisedRepertoire } from './repertoire';
import { PROFILE_SETTINGS } from './styles';

const repertoire = synthesisedRepertoire({ seed: 5, tracks: 6, unknown: 2, minSeconds: 30, maxSeconds: 40 });
const audio = new RecordedAudio(5);

test('what is rendered is, at the times of the truth, the recordings of the truth', () => {
  const programme = new Programme(5, 'a.mp3', repertoire, PROFILE_SETTINGS.demo.style);
  const mixer = new Mixer(programme, audio);
  const songs = programme.elementsBetween(0, 300_000).filter(({ recording }) => recording);
  expect(songs.length).toBeGreaterThan(5);
  for (const song of songs) {
    const middle = Math.round((song.startMs + song.endMs) / 2);
    const heard = renderProgramme(mixer, middle, middle + 500);
    const expected = (middle - song.startMs + song.offsetMs) * SAMPLES_PER_MS;
    const found = bestOffset(heard, audio.get(song.key, song.audioMs), expected - 300, expected + 300);
    expect(found).toEqual({ offset: expected, correlation: expect.closeTo(1, 1) });
  }
});

test('rendering in pieces gives what rendering at once gives', () => {
  const mixer = new Mixer(new Programme(6, 'a.mp3', repertoire, PROFILE_SETTINGS.eval.style), audio);
  const whole = renderProgramme(mixer, 28_000, 31_000);
  const pieces = new Float32Array(whole.length);
  for (let at = 0; at < pieces.length; at += 576) {
    mixer.render(28_000 * SAMPLES_PER_MS + at, pieces.subarray(at, at + 576));
  }
  let difference = 0;
  for (let i = 0; i < whole.length; i++) difference = Math.max(difference, Math.abs(whole[i]! - pieces[i]!));
  // Gains move in straight lines between points that depend on the pieces' borders.
  expect(difference).toBeLessThan(0.01);
  expect(whole.every((x) => Math.abs(x) < 1)).toBe(true);
});

test('a song played faster is ahead of the recording by that much', () => {
  const style = { ...PROFILE_SETTINGS.demo.style, speeds: [1.03], talkOver: 0, crossfade: 0 };
  const programme = new Programme(7, 'a.mp3', repertoire, style);
  const [song] = programme.elementsBetween(0, 1);
  const atMs = 20_000;
  const heard = renderProgramme(new Mixer(programme, audio), atMs, atMs + 500);
  // Brought back to the recording's own speed, it must be the recording.
  const slowed = Float32Array.from({ length: Math.floor(heard.length * 1.03) - 2 }, (_, i) => {
    const at = i / 1.03;
    const low = heard[Math.floor(at)]!;
    return low + (heard[Math.floor(at) + 1]! - low) * (at % 1);
  });
  const expected = Math.round(atMs * SAMPLES_PER_MS * 1.03);
  const recording = audio.get(song!.key, song!.audioMs);
  const found = bestOffset(slowed, recording, expected - 1_000, expected + 1_000);
  expect(Math.abs(found.offset - expected)).toBeLessThanOrEqual(1);
  expect(found.correlation).toBeGreaterThan(0.95);
});
