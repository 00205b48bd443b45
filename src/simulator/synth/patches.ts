import type { Random } from '../random';

/** How a voice sounds. */
export type Patch =
  | {
      readonly kind: 'wave';
      /** One period, with its first sample repeated at the end. */
      readonly table: Float32Array;
      readonly attack: number;
      /** Seconds in which a held note falls to 37 %. */
      readonly decay: number;
      readonly release: number;
      readonly vibrato: number;
      readonly vibratoHz: number;
      readonly gain: number;
    }
  | { readonly kind: 'pluck'; readonly damping: number; readonly gain: number }
  | {
      readonly kind: 'fm';
      readonly ratio: number;
      readonly index: number;
      readonly decay: number;
      readonly gain: number;
    }
  | { readonly kind: 'kick' | 'snare' | 'hat' | 'tom' };

export const TABLE_SIZE = 1_024;

const GAINS = { lead: 0.32, second: 0.24, pad: 0.12, bass: 0.24 } as const;

/** A timbre of its own for a role in a piece. */
export function patchFor(random: Random, role: keyof typeof GAINS): Patch {
  const gain = GAINS[role];
  const kinds = {
    lead: ['wave', 'wave', 'fm', 'pluck'],
    second: ['pluck', 'pluck', 'fm', 'wave'],
    pad: ['wave'],
    bass: ['wave', 'wave', 'pluck'],
  } as const;
  const kind = random.pick<'wave' | 'fm' | 'pluck'>(kinds[role]);
  if (kind === 'pluck') return { kind, damping: random.between(0.985, 0.998), gain: gain * 1.6 };
  if (kind === 'fm') {
    return {
      kind,
      ratio: random.pick([1, 2, 3, 3.5, 1.41, 7]),
      index: random.between(0.8, 3),
      decay: random.between(0.25, 1.2),
      gain,
    };
  }
  return {
    kind,
    table: waveTable(random, role === 'bass' ? 12 : 20),
    attack: role === 'pad' ? random.between(0.05, 0.3) : random.between(0.004, 0.03),
    decay: random.between(0.4, 3),
    release: role === 'pad' ? 0.4 : random.between(0.04, 0.15),
    vibrato: role === 'lead' ? random.between(0, 0.006) : 0,
    vibratoHz: random.between(4, 6.5),
    gain,
  };
}

/** A period of a sum of harmonics with random strengths: the colour of an instrument that exists only here. */
function waveTable(random: Random, harmonics: number): Float32Array {
  const table = new Float32Array(TABLE_SIZE + 1);
  const slope = random.between(0.7, 1.8);
  const oddOnly = random.chance(0.3);
  for (let h = 1; h <= harmonics; h++) {
    if (oddOnly && h % 2 === 0) continue;
    const strength = (h === 1 ? 1 : random.between(0.1, 1.4)) * h ** -slope;
    const phase = random.between(0, 2 * Math.PI);
    for (let i = 0; i < TABLE_SIZE; i++) {
      table[i]! += strength * Math.sin((2 * Math.PI * h * i) / TABLE_SIZE + phase);
    }
  }
  let peak = 0;
  for (const value of table) peak = Math.max(peak, Math.abs(value));
  for (let i = 0; i < TABLE_SIZE; i++) table[i] = table[i]! / peak;
  table[TABLE_SIZE] = table[0]!;
  return table;
}
