/**
 * A tune of its own for every seed: chords of random notes of random length, with overtones and a decay. Mono, 16-bit.
 * Distinct enough to be told apart by a fingerprint, and made in a moment.
 */
export function tune(seed: number, durationS: number, rate: number): Int16Array {
  const random = mulberry32(seed);
  const out = new Float64Array(Math.round(durationS * rate));
  for (let at = 0; at < out.length; ) {
    const length = Math.round(rate * (0.15 + 0.35 * random()));
    for (let voice = 0; voice < 3; voice++) {
      const hz = 110 * 2 ** (Math.floor(random() * 44) / 12);
      const phase = random() * 2 * Math.PI;
      const step = (2 * Math.PI * hz) / rate;
      const end = Math.min(out.length, at + length);
      for (let i = at; i < end; i++) {
        const x = phase + step * (i - at);
        const level = Math.exp((-3 * (i - at)) / length);
        out[i]! += level * (Math.sin(x) + 0.5 * Math.sin(2 * x) + 0.3 * Math.sin(3 * x));
      }
    }
    at += length;
  }
  return Int16Array.from(out, (x) => Math.max(-32_768, Math.min(32_767, Math.round(5_000 * x))));
}

/** Small, fast, the same everywhere. 0 ≤ x < 1. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
