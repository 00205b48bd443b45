import type { Random } from '../random';
import { type Patch, patchFor } from './patches';

/** A note for a pitched voice, or a stroke when the voice is a drum. */
export interface Note {
  readonly patch: Patch;
  /** Seconds from the start of the recording. */
  readonly at: number;
  /** Seconds until it is let go. */
  readonly length: number;
  /** MIDI number, fractions allowed. */
  readonly pitch: number;
  /** 0–1. */
  readonly velocity: number;
}

const MODES = [
  [0, 2, 4, 5, 7, 9, 11], // major
  [0, 2, 3, 5, 7, 8, 10], // minor
  [0, 2, 3, 5, 7, 9, 10], // dorian
  [0, 2, 4, 5, 7, 9, 10], // mixolydian
  [0, 1, 3, 5, 7, 8, 10], // phrygian
] as const;

const PROGRESSIONS = [
  [0, 4, 5, 3],
  [0, 5, 3, 4],
  [5, 3, 0, 4],
  [0, 3, 4, 3],
  [1, 4, 0, 0],
  [0, 2, 3, 4],
  [0, 6, 3, 0],
  [3, 0, 4, 5],
  [0, 3, 1, 4],
  [5, 4, 3, 2],
] as const;

/** What stays the same throughout one composition. */
interface Style {
  readonly bpm: number;
  readonly beats: number;
  /** Subdivisions of a beat: 2 straight, 3 swung or 6/8, 4 sixteenths. */
  readonly grid: number;
  readonly root: number;
  readonly mode: readonly number[];
  readonly looseness: number;
  readonly drift: number;
  readonly lead: Patch;
  readonly second: Patch;
  readonly pad: Patch;
  readonly bass: Patch;
}

interface Section {
  readonly bars: number;
  readonly chords: readonly number[];
  readonly lead: number;
  readonly arpeggio: number;
  readonly pad: number;
  readonly drums: number;
  readonly register: number;
}

/**
 * Composes a piece of about `seconds`: sections over chord progressions, and every bar played differently, because a
 * radio never sends the same bar twice while a loop would make any fingerprint match itself.
 */
export function compose(random: Random, seconds: number): Note[] {
  const style = styleFor(random);
  const notes: Note[] = [];
  let at = 0.02;
  let degree = random.int(0, 6);
  const ending = seconds - 1.5;
  while (at < ending) {
    const section = sectionFor(random);
    for (let bar = 0; bar < section.bars && at < ending; bar++) {
      const chord = section.chords[bar % section.chords.length]!;
      const tempo = style.bpm * (1 + style.drift * Math.sin(at / 9)) * (1 + random.around0(0.004));
      const beat = 60 / tempo;
      degree = playBar(random, style, section, chord, at, beat, degree, notes);
      at += beat * style.beats;
    }
  }
  for (const interval of [0, 2, 4]) {
    notes.push({
      patch: style.pad,
      at: ending,
      length: 1.2,
      pitch: scale(style, interval, 4),
      velocity: 0.8,
    });
  }
  return notes.filter((note) => note.at < seconds - 0.1);
}

function styleFor(random: Random): Style {
  return {
    bpm: random.between(68, 146),
    beats: random.pick([4, 4, 4, 3, 6]),
    grid: random.pick([2, 3, 4, 4]),
    root: random.int(0, 11) + random.between(-0.4, 0.4),
    mode: random.pick(MODES),
    looseness: random.between(0.003, 0.014),
    drift: random.between(0, 0.012),
    lead: patchFor(random, 'lead'),
    second: patchFor(random, 'second'),
    pad: patchFor(random, 'pad'),
    bass: patchFor(random, 'bass'),
  };
}

function sectionFor(random: Random): Section {
  const chords: number[] = [...random.pick(PROGRESSIONS)];
  if (random.chance(0.5)) chords[random.int(1, 3)] = random.int(0, 6);
  return {
    bars: random.pick([4, 4, 8]),
    chords,
    lead: random.pick([0.5, 0.65, 0.8]),
    arpeggio: random.pick([0.35, 0.6, 0.85]),
    pad: random.pick([0, 0.6, 1]),
    drums: random.pick([0, 0.5, 0.8, 1]),
    register: random.pick([5, 5, 6]),
  };
}

/** Plays one bar; returns the scale degree on which the melody stands at its end. */
function playBar(
  random: Random,
  style: Style,
  section: Section,
  chord: number,
  at: number,
  beat: number,
  degree: number,
  notes: Note[],
): number {
  const steps = style.beats * style.grid;
  const step = beat / style.grid;
  const play = (patch: Patch, when: number, length: number, pitch: number, velocity: number) =>
    notes.push({
      patch,
      at: Math.max(0, at + when * step + random.around0(style.looseness)),
      length: length * step,
      pitch,
      velocity: velocity * random.between(0.75, 1),
    });

  if (random.chance(section.pad)) {
    const inversion = random.int(0, 2);
    for (const [i, tone] of [0, 2, 4].entries()) {
      play(style.pad, 0, steps * 0.95, scale(style, chord + tone, i < inversion ? 5 : 4), 0.5);
    }
  }
  for (let s = 0; s < steps; ) {
    const length = random.pick([1, style.grid, style.grid, 2 * style.grid]);
    const tone = s === 0 ? 0 : random.pick([0, 0, 4, 2, 7, 6]);
    if (s === 0 || random.chance(0.75)) play(style.bass, s, length * 0.9, scale(style, chord + tone, 2), 0.8);
    s += length;
  }
  for (let s = 0; s < steps; s++) {
    if (!random.chance(section.arpeggio * (s % 2 === 0 ? 0.9 : 0.55))) continue;
    play(
      style.second,
      s,
      random.between(0.8, 2.5),
      scale(style, chord + random.pick([0, 2, 4, 7, 9, 1]), 4),
      0.5,
    );
  }
  for (let s = random.int(0, 1); s < steps; ) {
    const length = random.pick([1, 2, 2, 3, style.grid]);
    const strong = s % style.grid === 0;
    if (random.chance(section.lead)) {
      degree += random.int(-2, 2);
      if (strong && random.chance(0.6)) degree = chord + 2 * Math.round((degree - chord) / 2);
      if (degree < -4) degree += 3;
      if (degree > 9) degree -= 4;
      play(style.lead, s, length * random.between(0.7, 1), scale(style, degree, section.register), 0.8);
    }
    s += length;
  }
  drums(random, style, section.drums, steps, play);
  return degree;
}

function drums(
  random: Random,
  style: Style,
  density: number,
  steps: number,
  play: (patch: Patch, when: number, length: number, pitch: number, velocity: number) => void,
): void {
  if (density === 0) return;
  const fill = random.chance(0.15);
  for (let s = 0; s < steps; s++) {
    const onBeat = s % style.grid === 0;
    const back = onBeat && (s / style.grid) % 2 === 1;
    if (s === 0 || random.chance(onBeat && !back ? 0.6 * density : 0.06)) {
      play({ kind: 'kick' }, s, 1, 36 + random.around0(0.5), 0.9);
    }
    if (random.chance(back ? 0.85 * density : 0.04))
      play({ kind: 'snare' }, s, 1, 50 + random.around0(1), 0.6);
    if (random.chance((onBeat ? 0.8 : 0.5) * density))
      play({ kind: 'hat' }, s, 1, 90, random.between(0.1, 0.3));
    if (random.chance(fill ? 0.6 : 0.12 * density)) {
      play({ kind: 'tom' }, s, 1, random.pick([45, 50, 55, 58, 62]) + random.around0(1), 0.5);
    }
  }
}

/** MIDI number of a scale degree (may be negative or above the octave) in an octave. */
function scale(style: Style, degree: number, octave: number): number {
  const within = ((degree % 7) + 7) % 7;
  return 12 * (octave + 1 + Math.floor(degree / 7)) + style.root - 6 + style.mode[within]!;
}
