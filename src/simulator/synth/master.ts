import { AIR_RATE } from '../air';

/** Adds a room: four combs and an allpass, lengths as in Schroeder's, in place. */
export function reverberate(samples: Float32Array, size: number, wet: number): void {
  const combs = [0.0297, 0.0371, 0.0411, 0.0437].map(
    (s) => new Float32Array(Math.round(s * size * AIR_RATE)),
  );
  const allpass = new Float32Array(Math.round(0.005 * AIR_RATE));
  const [c0, c1, c2, c3] = combs as [Float32Array, Float32Array, Float32Array, Float32Array];
  let [p0, p1, p2, p3, pa] = [0, 0, 0, 0, 0];
  const feedback = 0.7;
  for (let i = 0; i < samples.length; i++) {
    const dry = samples[i]!;
    const [a, b, c, d] = [c0[p0]!, c1[p1]!, c2[p2]!, c3[p3]!];
    c0[p0] = dry + a * feedback;
    c1[p1] = dry + b * feedback;
    c2[p2] = dry + c * feedback;
    c3[p3] = dry + d * feedback;
    if (++p0 === c0.length) p0 = 0;
    if (++p1 === c1.length) p1 = 0;
    if (++p2 === c2.length) p2 = 0;
    if (++p3 === c3.length) p3 = 0;
    const sum = (a + b + c + d) * 0.25;
    const delayed = allpass[pa]!;
    allpass[pa] = sum + delayed * 0.5;
    if (++pa === allpass.length) pa = 0;
    samples[i] = dry + wet * (delayed - 0.5 * sum);
  }
}

/** Brings to `rms` (full scale 1), rounds off the peaks, and gives 16-bit samples. */
export function master(samples: Float32Array, rms: number): Int16Array {
  let energy = 0;
  for (let i = 0; i < samples.length; i++) energy += samples[i]! * samples[i]!;
  const gain = energy === 0 ? 0 : rms / Math.sqrt(energy / samples.length);
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]! * gain;
    // x/√(1+x²): straight where it is quiet, never beyond full scale.
    out[i] = (32_000 * x) / Math.sqrt(1 + x * x);
  }
  return out;
}
