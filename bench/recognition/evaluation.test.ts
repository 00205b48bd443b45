import { beforeAll, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../src/recognition/local/fingerprint';
import { buildIndex, type LandmarkIndex } from '../../src/recognition/local/landmark-index';
import { referenceOf } from '../../src/recognition/local/reference';
import { LIKELY } from '../../src/recognition/local/verify';
import { babble, mix, music, random } from '../../test/support/airplay';
import { fitted } from './calibration';
import { Recogniser } from './recognise';
import { sharesAudio } from './shared';
import { quantile, upperRate, wilson } from './statistics';
import { linesOf } from './unknown';

/** The evaluation in small: 20 tracks, 10 minutes, without ffmpeg. Floors are below what was measured. */
const library = Array.from({ length: 20 }, (_, i) => music(20_000 + i, 30));
const SECONDS = 6;
let index: LandmarkIndex;
let recogniser: Recogniser;

beforeAll(() => {
  const tracks = library.map((audio, trackId) => referenceOf(trackId, fingerprintOf(audio)));
  index = buildIndex(tracks, 1);
  recogniser = new Recogniser(index);
});

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
}

/** Something laid over a query, as loud as itself. */
function under(audio: Int16Array, over: Int16Array): Int16Array {
  const gain = rms(audio) / rms(over);
  return mix(audio.length / 8000, [
    { audio, atS: 0, gain: 0.6 },
    { audio: over, atS: 0, gain: 0.6 * gain },
  ]);
}

function atSpeed(audio: Int16Array, speed: number): Int16Array {
  return Int16Array.from({ length: Math.floor(audio.length / speed) - 1 }, (_, i) => {
    const k = Math.floor(i * speed);
    return audio[k]! + (i * speed - k) * (audio[k + 1]! - audio[k]!);
  });
}

const noise = (seed: number) => {
  const next = random(seed);
  return Int16Array.from({ length: 8000 * 8 }, () => (next() - 0.5) * 20_000);
};

describe('recall on 20 tracks', () => {
  test.each([
    { name: 'as recorded', floor: 20, degrade: (audio: Int16Array) => audio },
    { name: 'clipped', floor: 20, degrade: (audio: Int16Array) => mix(8, [{ audio, atS: 0, gain: 4 }]) },
    { name: 'speed +1.5 %', floor: 19, degrade: (audio: Int16Array) => atSpeed(audio, 1.015) },
    { name: 'speed −2.5 %', floor: 19, degrade: (audio: Int16Array) => atSpeed(audio, 0.975) },
    { name: 'speech 0 dB', floor: 18, degrade: (audio: Int16Array, i: number) => under(audio, babble(i, 8)) },
    {
      name: 'white noise 0 dB',
      floor: 18,
      degrade: (audio: Int16Array, i: number) => under(audio, noise(i)),
    },
  ])('$name: at least $floor of 20 within 6 s', ({ floor, degrade }) => {
    const errorsS: number[] = [];
    for (const [i, song] of library.entries()) {
      const fromS = 3 + (i % 10) * 1.7;
      const query = degrade(song.slice(fromS * 8000, (fromS + 8) * 8000), i);
      const answer = recogniser.ask(query, SECONDS);
      if (!answer || answer.z < LIKELY) continue;
      expect(answer.trackId).toBe(i);
      errorsS.push(Math.abs(answer.fromS - fromS));
    }
    expect(errorsS.length).toBeGreaterThanOrEqual(floor);
    expect(quantile(errorsS, 0.5)).toBeLessThan(0.05);
  });

  test('invents nothing on strangers, and says when two pieces share a sound', () => {
    for (let i = 0; i < 4; i++) expect(linesOf(music(30_000 + i, 30), index)).toEqual([]);
    const sampled = mix(20, [
      { audio: music(31_000, 20), atS: 0 },
      { audio: library[3]!, atS: 5, fromS: 10, toS: 14 },
    ]);
    expect(sharesAudio(sampled, library[3]!, { a: 7, b: 12 }, 4)).toBe(true);
    expect(sharesAudio(sampled, library[3]!, { a: 15, b: 20 }, 4)).toBe(false);
  });
});

describe('statistics', () => {
  test('intervals as published', () => {
    const [low, high] = wilson(81, 263);
    expect(low).toBeCloseTo(0.2553, 3);
    expect(high).toBeCloseTo(0.3662, 3);
    // The rule of three, and the exact limit for one event (Ulm 1990: 4.744).
    expect(upperRate(0, 1)).toBeCloseTo(2.996, 2);
    expect(upperRate(1, 1)).toBeCloseTo(4.744, 2);
  });

  test('the fit finds the curve that made the samples', () => {
    const next = random(5);
    const samples = Array.from({ length: 4000 }, () => {
      const z = 12 * next();
      return { z, right: next() < 1 / (1 + Math.exp(-(z - 6) / 0.8)) };
    });
    const { middle, width } = fitted(samples);
    expect(Math.abs(middle - 6)).toBeLessThan(0.15);
    expect(Math.abs(width - 0.8)).toBeLessThan(0.12);
  });
});
