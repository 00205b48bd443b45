/**
 * Power spectrum of real frames. A complex Stockham radix-4 transform of half the length, then the usual split of the
 * two interleaved halves (Swarztrauber 1984 for the autosort form; Numerical Recipes § 12.3 for the split).
 */
export class PowerSpectrum {
  private readonly half: number;
  private readonly window: Float64Array;
  private a: Float64Array;
  private b: Float64Array;
  private readonly twiddles: Float64Array;
  private readonly splitCos: Float64Array;
  private readonly splitSin: Float64Array;
  /** Power of bins 0 … size/2 − 1 of the last frame, full scale = 1 in the time domain. */
  readonly power: Float64Array;

  /** @param size samples per frame, 2 × a power of 4 (2048) */
  constructor(readonly size: number) {
    this.half = size / 2;
    if (4 ** Math.round(Math.log(this.half) / Math.log(4)) !== this.half) {
      throw new RangeError(`size must be twice a power of 4, got ${size}`);
    }
    const n = this.half;
    this.window = Float64Array.from(
      { length: size },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size),
    );
    this.a = new Float64Array(2 * n);
    this.b = new Float64Array(2 * n);
    this.twiddles = Float64Array.from({ length: 2 * n }, (_, i) => {
      const angle = (-2 * Math.PI * (i >> 1)) / n;
      return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
    });
    this.splitCos = Float64Array.from({ length: n }, (_, k) => Math.cos((-2 * Math.PI * k) / size));
    this.splitSin = Float64Array.from({ length: n }, (_, k) => Math.sin((-2 * Math.PI * k) / size));
    this.power = new Float64Array(n);
  }

  /** Windows `size` 16-bit samples from `offset` and leaves their power spectrum in `power`. */
  compute(samples: Int16Array, offset: number): void {
    const { half: n, window, a } = this;
    for (let i = 0; i < 2 * n; i++) a[i] = samples[offset + i]! * window[i]! * (1 / 32768);
    this.transform();
    const { a: z, splitCos, splitSin, power } = this;
    power[0] = (z[0]! + z[1]!) ** 2;
    for (let k = 1; k < n; k++) {
      const j = n - k;
      const evenRe = 0.5 * (z[2 * k]! + z[2 * j]!);
      const evenIm = 0.5 * (z[2 * k + 1]! - z[2 * j + 1]!);
      const oddRe = 0.5 * (z[2 * k + 1]! + z[2 * j + 1]!);
      const oddIm = -0.5 * (z[2 * k]! - z[2 * j]!);
      const c = splitCos[k]!;
      const s = splitSin[k]!;
      const re = evenRe + c * oddRe - s * oddIm;
      const im = evenIm + c * oddIm + s * oddRe;
      power[k] = re * re + im * im;
    }
  }

  /** Complex transform of `a`, in place for the caller: the result is in `a`. */
  private transform(): void {
    const { twiddles: w } = this;
    const total = this.half;
    let x = this.a;
    let y = this.b;
    for (let n = total, s = 1; n > 1; n >>= 2, s <<= 2) {
      const n1 = n >> 2;
      const step = total / n;
      for (let p = 0; p < n1; p++) {
        const w1r = w[2 * p * step]!;
        const w1i = w[2 * p * step + 1]!;
        const w2r = w1r * w1r - w1i * w1i;
        const w2i = 2 * w1r * w1i;
        const w3r = w1r * w2r - w1i * w2i;
        const w3i = w1r * w2i + w1i * w2r;
        for (let q = 0; q < s; q++) {
          const i0 = 2 * (q + s * p);
          const i1 = i0 + 2 * s * n1;
          const i2 = i1 + 2 * s * n1;
          const i3 = i2 + 2 * s * n1;
          const ar = x[i0]! + x[i2]!;
          const ai = x[i0 + 1]! + x[i2 + 1]!;
          const cr = x[i0]! - x[i2]!;
          const ci = x[i0 + 1]! - x[i2 + 1]!;
          const br = x[i1]! + x[i3]!;
          const bi = x[i1 + 1]! + x[i3 + 1]!;
          // i · (b − d)
          const dr = x[i3 + 1]! - x[i1 + 1]!;
          const di = x[i1]! - x[i3]!;
          const o = 2 * (q + s * 4 * p);
          y[o] = ar + br;
          y[o + 1] = ai + bi;
          const pr = cr - dr;
          const pi = ci - di;
          y[o + 2 * s] = w1r * pr - w1i * pi;
          y[o + 2 * s + 1] = w1r * pi + w1i * pr;
          const mr = ar - br;
          const mi = ai - bi;
          y[o + 4 * s] = w2r * mr - w2i * mi;
          y[o + 4 * s + 1] = w2r * mi + w2i * mr;
          const er = cr + dr;
          const ei = ci + di;
          y[o + 6 * s] = w3r * er - w3i * ei;
          y[o + 6 * s + 1] = w3r * ei + w3i * er;
        }
      }
      const swap = x;
      x = y;
      y = swap;
    }
    this.a = x;
    this.b = y;
  }
}
