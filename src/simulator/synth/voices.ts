import { AIR_RATE } from '../air';
import type { Random } from '../random';
import { type Patch, TABLE_SIZE } from './patches';
import type { Note } from './score';

const SINE = Float32Array.from({ length: 4_097 }, (_, i) => Math.sin((2 * Math.PI * i) / 4_096));

/** Hertz of a MIDI number. */
export const hertz = (midi: number): number => 440 * 2 ** ((midi - 69) / 12);

/** Adds one note to `out` (mono, AIR_RATE). What would ring beyond its end is cut off. */
export function playNote(note: Note, out: Float32Array, random: Random): void {
  const { patch } = note;
  if (patch.kind === 'wave') wave(note, patch, out);
  else if (patch.kind === 'pluck') pluck(note, patch, out, random);
  else if (patch.kind === 'fm') fm(note, patch, out);
  else drum(note, patch.kind, out, random);
}

function wave(note: Note, patch: Extract<Patch, { kind: 'wave' }>, out: Float32Array): void {
  const { table } = patch;
  const start = Math.round(note.at * AIR_RATE);
  const held = Math.round(note.length * AIR_RATE);
  const tail = Math.round(patch.release * AIR_RATE);
  const end = Math.min(out.length, start + held + tail);
  const attack = Math.max(1, patch.attack * AIR_RATE);
  const fall = Math.exp(-1 / (patch.decay * AIR_RATE));
  const advance = (hertz(note.pitch) * TABLE_SIZE) / AIR_RATE;
  const wobble = (2 * Math.PI * patch.vibratoHz) / AIR_RATE;
  let phase = 0;
  let level = note.velocity * patch.gain;
  for (let i = start, n = 0; i < end; i++, n++) {
    const whole = phase | 0;
    const low = table[whole]!;
    const value = low + (table[whole + 1]! - low) * (phase - whole);
    let envelope = level;
    if (n < attack) envelope *= n / attack;
    if (n > held) envelope *= 1 - (n - held) / tail;
    out[i]! += value * envelope;
    level *= fall;
    phase += patch.vibrato === 0 ? advance : advance * (1 + patch.vibrato * Math.sin(wobble * n));
    while (phase >= TABLE_SIZE) phase -= TABLE_SIZE;
  }
}

/** A plucked string (Karplus–Strong): a burst of noise going round a delay line that dulls it. */
function pluck(
  note: Note,
  patch: Extract<Patch, { kind: 'pluck' }>,
  out: Float32Array,
  random: Random,
): void {
  const start = Math.round(note.at * AIR_RATE);
  const period = AIR_RATE / hertz(note.pitch) - 0.5;
  const size = Math.max(2, Math.floor(period));
  const fraction = period - size;
  const line = new Float32Array(size);
  let mean = 0;
  for (let i = 0; i < size; i++) mean += line[i] = random.next() - 0.5;
  mean /= size;
  for (let i = 0; i < size; i++) line[i]! -= mean;
  const end = Math.min(out.length, start + Math.round(Math.min(2, note.length + 0.6) * AIR_RATE));
  const gain = note.velocity * patch.gain;
  const fadeFrom = end - 480;
  let previous = 0;
  let last = 0;
  for (let i = start, p = 0; i < end; i++) {
    const sample = line[p]!;
    // A fractional delay by interpolation keeps high strings in tune.
    const delayed = sample + (previous - sample) * fraction;
    previous = sample;
    const filtered = patch.damping * 0.5 * (delayed + last);
    last = delayed;
    line[p] = filtered;
    if (++p === size) p = 0;
    out[i]! += delayed * gain * (i > fadeFrom ? (end - i) / 480 : 1);
  }
}

function fm(note: Note, patch: Extract<Patch, { kind: 'fm' }>, out: Float32Array): void {
  const start = Math.round(note.at * AIR_RATE);
  const end = Math.min(out.length, start + Math.round((note.length + patch.decay) * AIR_RATE));
  const fall = Math.exp(-1 / (patch.decay * AIR_RATE));
  const carrierStep = hertz(note.pitch) / AIR_RATE;
  const modulatorStep = carrierStep * patch.ratio;
  const depth = patch.index / (2 * Math.PI);
  const fadeFrom = end - 1_200;
  let level = note.velocity * patch.gain;
  let bright = 1;
  let carrier = 0;
  let modulator = 0;
  for (let i = start, n = 0; i < end; i++, n++) {
    const angle = carrier + depth * bright * SINE[((modulator - Math.floor(modulator)) * 4_096) | 0]!;
    let value = level * SINE[((angle - Math.floor(angle)) * 4_096) | 0]!;
    if (n < 72) value *= n / 72;
    if (i > fadeFrom) value *= (end - i) / 1_200;
    out[i]! += value;
    carrier += carrierStep;
    modulator += modulatorStep;
    level *= fall;
    bright *= fall;
  }
}

const DRUMS = {
  kick: { seconds: 0.28, tone: 0.9, noise: 0.05, sweep: 2.2, decay: 0.09, noiseDecay: 0.01 },
  snare: { seconds: 0.22, tone: 0.25, noise: 0.4, sweep: 0.2, decay: 0.06, noiseDecay: 0.07 },
  hat: { seconds: 0.08, tone: 0, noise: 0.5, sweep: 0, decay: 0.02, noiseDecay: 0.025 },
  tom: { seconds: 0.3, tone: 0.5, noise: 0.12, sweep: 0.5, decay: 0.1, noiseDecay: 0.012 },
} as const;

function drum(note: Note, kind: keyof typeof DRUMS, out: Float32Array, random: Random): void {
  const shape = DRUMS[kind];
  const start = Math.round(note.at * AIR_RATE);
  const end = Math.min(out.length, start + Math.round(shape.seconds * AIR_RATE));
  const fall = Math.exp(-1 / (shape.decay * AIR_RATE));
  const noiseFall = Math.exp(-1 / (shape.noiseDecay * AIR_RATE));
  const step = hertz(note.pitch) / AIR_RATE;
  let tone = note.velocity * shape.tone * 0.7;
  let noise = note.velocity * shape.noise * 0.7;
  let sweep: number = shape.sweep;
  let phase = 0;
  let last = 0;
  for (let i = start; i < end; i++) {
    const white = random.bits() / 2_147_483_648;
    out[i]! += tone * SINE[((phase - Math.floor(phase)) * 4_096) | 0]! + noise * (white - last * 0.7);
    last = white;
    phase += step * (1 + sweep);
    tone *= fall;
    noise *= noiseFall;
    sweep *= 0.999;
  }
}
