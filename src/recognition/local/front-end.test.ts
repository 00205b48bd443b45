import { describe, expect, test } from 'vitest';
import { random } from '../../../test/support/airplay';
import { tune } from '../../../test/support/music';
import { referenceBlocks } from '../../../test/support/reference-front-end';
import { synthesiseMusic } from '../../simulator/synth/music';
import { fingerprintOf, frequencyOf, timeOf, unpackFingerprint } from './fingerprint';
import { FrontEnd, type PeakBlock } from './front-end';
import { BIN_HZ, FFT_SIZE, HOP_SAMPLES, PER_BIN, QUERY_DENSITY, REFERENCE_DENSITY } from './params';

/** Tone bursts at known times and frequencies, over faint deterministic noise. */
function bursts(list: readonly { atS: number; hz: number }[], durationS: number): Int16Array {
  const out = new Float64Array(durationS * 8000);
  let seed = 3;
  for (let i = 0; i < out.length; i++) {
    seed = (seed * 1103515245 + 12345) >>> 0;
    out[i] = ((seed >>> 16) / 32768 - 1) * 0.001;
  }
  for (const { atS, hz } of list) {
    for (let i = -800; i < 800; i++) {
      const n = Math.round(atS * 8000) + i;
      if (n >= 0 && n < out.length) {
        out[n]! += 0.3 * Math.exp(-((i / 400) ** 2)) * Math.sin((2 * Math.PI * hz * n) / 8000);
      }
    }
  }
  return Int16Array.from(out, (x) => Math.max(-1, Math.min(1, x)) * 32767);
}

const peaksOf = (blocks: PeakBlock[]) =>
  blocks.flatMap((block) =>
    [...block.time].map((time, i) => ({
      time,
      frequency: block.frequency[i]!,
      strength: block.strength[i]!,
    })),
  );

describe('front end', () => {
  test('places a peak to a fraction of a bin and of a frame', () => {
    const truth = [
      { atS: 1.003, hz: 701.3 },
      { atS: 2.511, hz: 1503.9 },
      { atS: 3.777, hz: 3001.7 },
    ];
    const frontEnd = new FrontEnd();
    const audio = bursts(truth, 6);
    const peaks = peaksOf([...frontEnd.push(audio), ...frontEnd.finish()]);
    for (const { atS, hz } of truth) {
      const frame = (atS * 8000 - FFT_SIZE / 2) / HOP_SAMPLES;
      const near = peaks.filter(
        (p) => Math.abs(p.time - frame) < 3 && Math.abs(p.frequency - hz / BIN_HZ) < 3,
      );
      expect(near).toHaveLength(1);
      expect(Math.abs(near[0]!.frequency - hz / BIN_HZ)).toBeLessThan(0.2);
      expect(Math.abs(near[0]!.time - frame)).toBeLessThan(0.3);
    }
  });

  test('ranks the peaks of each block by their strength, from 0 on', () => {
    const loudness = [0.2, 1, 0.05, 0.6];
    const audio = bursts(
      loudness.map((_, i) => ({ atS: 0.2 + 0.18 * i, hz: 400 + 700 * i })),
      2,
    ).map((x, n) => x * loudness[Math.min(3, Math.max(0, Math.round((n / 8000 - 0.2) / 0.18)))]!);
    const [first, ...others] = new FrontEnd().push(audio);
    for (const { rank, strength } of [first!, ...others]) {
      const byRank = [...rank].map((place, i) => ({ place, strength: strength[i]! }));
      byRank.sort((a, b) => a.place - b.place);
      expect(byRank.map(({ place }) => place)).toEqual(byRank.map((_, i) => i));
      expect(byRank.map((peak) => peak.strength)).toEqual([...strength].sort((a, b) => b - a));
    }
    // In order of time, not of strength: the loudest burst, the second, leads.
    const loudest = first!.rank.indexOf(0);
    expect(first!.frequency[loudest]! * BIN_HZ).toBeCloseTo(1100, -1);
    expect(loudest).toBeGreaterThan(0);
  });

  test('gives the same blocks however the audio is cut', () => {
    const audio = bursts(
      Array.from({ length: 40 }, (_, i) => ({ atS: 0.2 * i + 0.1, hz: 300 + 77 * i })),
      9,
    );
    const whole = new FrontEnd();
    const expected = peaksOf([...whole.push(audio), ...whole.finish()]);
    const pieces = new FrontEnd();
    const blocks: PeakBlock[] = [];
    for (let at = 0, n = 1; at < audio.length; at += n, n = (n * 7 + 13) % 5000) {
      blocks.push(...pieces.push(audio.subarray(at, at + n)));
    }
    blocks.push(...pieces.finish());
    expect(peaksOf(blocks)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(100);
  });

  test('finds nothing in digital silence', () => {
    const frontEnd = new FrontEnd();
    expect(peaksOf([...frontEnd.push(new Int16Array(40_000)), ...frontEnd.finish()])).toEqual([]);
  });
});

describe('equals plain JavaScript bit for bit', () => {
  const noise = (amplitude: number) => {
    const next = random(11);
    return Int16Array.from({ length: 80_000 }, () => amplitude * (2 * next() - 1));
  };
  const audio: Record<string, Int16Array> = {
    'synthesised music': synthesiseMusic('front-end', 20).filter((_, i) => i % 3 === 0),
    'a tune': tune(5, 15, 8000),
    'white noise': noise(32_767),
    'the last bits': noise(2),
    'a full-scale square wave': Int16Array.from({ length: 60_000 }, (_, i) =>
      i % 64 < 32 ? 32_767 : -32_768,
    ),
    'a single click': new Int16Array(40_000).fill(32_767, 20_000, 20_001),
    silence: new Int16Array(40_000),
    'less than a frame': new Int16Array(1000),
  };
  const densities = { air: QUERY_DENSITY, recording: REFERENCE_DENSITY };
  const cases = Object.keys(audio).flatMap((name) =>
    (['air', 'recording'] as const).map((density) => ({ name, density })),
  );

  test.each(cases)('$name, $density', ({ name, density }) => {
    const frontEnd = new FrontEnd(densities[density]);
    const blocks = [...frontEnd.push(audio[name]!), ...frontEnd.finish()];
    expect(blocks).toEqual(referenceBlocks(audio[name]!, densities[density]));
  });
});

describe('fingerprint', () => {
  const audio = bursts(
    Array.from({ length: 60 }, (_, i) => ({ atS: 0.17 * i + 0.1, hz: 300 + 47 * i })),
    11,
  );

  test('survives storage, rising in time', () => {
    const fingerprint = fingerprintOf(audio);
    const { words } = unpackFingerprint({ ...fingerprint, data: Buffer.from(fingerprint.data) });
    expect(fingerprint.durationS).toBe(11);
    expect(words.length).toBeGreaterThan(60);
    for (let i = 1; i < words.length; i++)
      expect(timeOf(words[i]!)).toBeGreaterThanOrEqual(timeOf(words[i - 1]!));
    const hz = [...words].map((word) => (frequencyOf(word) / PER_BIN) * BIN_HZ);
    expect(Math.min(...hz)).toBeGreaterThan(190);
    expect(Math.max(...hz)).toBeLessThan(3820);
  });

  test('is refused when a bit of it has changed, or when it is of another version', () => {
    const fingerprint = fingerprintOf(audio);
    const data = Uint8Array.from(fingerprint.data);
    data[17]! ^= 4;
    expect(() => unpackFingerprint({ ...fingerprint, data })).toThrow(/damaged/);
    expect(() => unpackFingerprint({ ...fingerprint, version: 99 })).toThrow(/version 99/);
  });
});
