import { SAMPLE_RATE } from '../../src/audio';

/**
 * A tune of our own making: chords and a melody that follow from the seed, with harmonics and a little noise. Two seeds
 * sound different; one seed is always the same. Mono at SAMPLE_RATE.
 */
export function tune(seed: number, durationS: number): Int16Array {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  const random = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  // The first numbers of near seeds are alike.
  for (let i = 0; i < 20; i++) random();
  const out = new Int16Array(Math.round(durationS * SAMPLE_RATE));
  const beat = 0.28 + random() * 0.3;
  for (let start = 0; start < out.length; ) {
    const length = Math.round(beat * (random() < 0.4 ? 0.5 : 1) * SAMPLE_RATE);
    const notes = Array.from({ length: 3 }, () => 110 * 2 ** (Math.floor(random() * 36) / 12));
    for (let i = 0; i < length && start + i < out.length; i++) {
      const t = i / SAMPLE_RATE;
      const envelope = Math.min(1, i / 80) * Math.exp(-1.5 * t);
      let sum = 0;
      for (const note of notes) {
        for (let h = 1; h <= 3; h++) sum += Math.sin(2 * Math.PI * note * h * t) / (h * h);
      }
      out[start + i] = Math.round(5_000 * envelope * sum * 0.6 + (random() - 0.5) * 200);
    }
    start += length;
  }
  return out;
}
