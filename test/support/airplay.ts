/** Deterministic test music: enough like the real thing (notes, chords, beats, no exact repeats) to be fingerprinted. */

/** Uniform numbers in 0…1 from a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @returns mono 16-bit samples at 8 kHz */
export function music(seed: number, durationS: number): Int16Array {
  const next = random(seed);
  const out = new Float64Array(Math.round(durationS * 8000));
  const scale = [0, 2, 3, 5, 7, 8, 10, 12, 14, 15];
  const root = 110 * 2 ** (Math.floor(next() * 12) / 12);
  const beat = 0.28 + next() * 0.25;
  for (let t = 0; t < durationS; t += beat) {
    for (let voice = 0; voice < 3; voice++) {
      if (next() < 0.25) continue;
      const hz = root * 2 ** (scale[Math.floor(next() * scale.length)]! / 12) * (voice + 1);
      note(out, t + (next() - 0.5) * 0.04, hz, beat * (0.7 + next()), 0.12 + 0.1 * next());
    }
    if (next() < 0.7) click(out, t, next);
  }
  return Int16Array.from(out, (x) => Math.round(Math.max(-1, Math.min(1, x)) * 32767));
}

function note(out: Float64Array, atS: number, hz: number, lengthS: number, level: number): void {
  const from = Math.max(0, Math.round(atS * 8000));
  const n = Math.round(lengthS * 8000);
  for (let i = 0; i < n && from + i < out.length; i++) {
    const envelope = Math.min(1, i / 80) * Math.exp((-3 * i) / n);
    let x = 0;
    for (let h = 1; h <= 6 && hz * h < 3900; h++) x += Math.sin((2 * Math.PI * hz * h * i) / 8000) / h;
    out[from + i]! += level * envelope * x;
  }
}

function click(out: Float64Array, atS: number, next: () => number): void {
  const from = Math.round(atS * 8000);
  for (let i = 0; i < 400 && from + i < out.length; i++) {
    out[from + i]! += 0.25 * (next() - 0.5) * Math.exp(-i / 90);
  }
}

/** Speech-like babble: voiced syllables with pauses. */
export function babble(seed: number, durationS: number): Int16Array {
  const next = random(seed);
  const out = new Float64Array(Math.round(durationS * 8000));
  for (let t = 0; t < durationS; ) {
    const length = 0.08 + 0.15 * next();
    const f0 = 95 + 60 * next();
    const formants = [300 + 500 * next(), 900 + 1200 * next(), 2400 + 500 * next()];
    const from = Math.round(t * 8000);
    const n = Math.round(length * 8000);
    for (let i = 0; i < n && from + i < out.length; i++) {
      let x = 0;
      for (let h = 1; h * f0 < 3600; h++) {
        const gain = formants.reduce((sum, f) => sum + Math.exp(-(((h * f0 - f) / 150) ** 2)), 0.01);
        x += gain * Math.sin((2 * Math.PI * f0 * h * (1 + (0.02 * i) / n) * i) / 8000);
      }
      out[from + i]! += 0.12 * Math.sin((Math.PI * i) / n) * x;
    }
    t += length + (next() < 0.2 ? 0.35 : 0.06 * next());
  }
  return Int16Array.from(out, (x) => Math.round(Math.max(-1, Math.min(1, x)) * 32767));
}

export interface Placed {
  readonly audio: Int16Array;
  readonly atS: number;
  /** Second of the piece at which it is taken up, and left. */
  readonly fromS?: number;
  readonly toS?: number;
  readonly gain?: number;
  readonly fadeInS?: number;
  readonly fadeOutS?: number;
}

/** Pieces laid on one time line, summed. */
export function mix(durationS: number, pieces: readonly Placed[]): Int16Array {
  const out = new Float64Array(Math.round(durationS * 8000));
  for (const { audio, atS, fromS = 0, toS, gain = 1, fadeInS = 0, fadeOutS = 0 } of pieces) {
    const first = Math.round(fromS * 8000);
    const last = Math.min(audio.length, Math.round((toS ?? audio.length / 8000) * 8000));
    const to = Math.round(atS * 8000);
    for (let i = first; i < last && to + i - first < out.length; i++) {
      const up = fadeInS === 0 ? 1 : Math.min(1, (i - first) / (fadeInS * 8000));
      const down = fadeOutS === 0 ? 1 : Math.min(1, (last - i) / (fadeOutS * 8000));
      out[to + i - first]! += audio[i]! * gain * up * down;
    }
  }
  return Int16Array.from(out, (x) => Math.round(Math.max(-32768, Math.min(32767, x))));
}
