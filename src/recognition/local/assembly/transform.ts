/**
 * Complex transform of the windowed frame: Stockham's autosort form, radix 4 (Swarztrauber 1984), five passes. Even samples
 * are the real parts, odd ones the imaginary parts.
 */
import { A, B, IMAGINARY, QUARTER, SAMPLES, TWIDDLES, WINDOW } from './memory';

/** Leaves the transform of the samples in `A`, f64[2][POINTS]. */
export function transform(): void {
  first();
  pass(A, B, 4);
  pass(B, A, 16);
  pass(A, B, 64);
  pass(B, A, 256);
}

/** Windows the samples; two butterflies at once, of two successive p. Their eight results are neighbours in `A`. */
function first(): void {
  for (let p: usize = 0; p < 256; p += 2) {
    const at = SAMPLES + 4 * p;
    const window = WINDOW + 8 * p;
    // Each 32-bit lane holds an even sample below an odd one.
    const s0 = v128.load_zero<u64>(at, 0);
    const s1 = v128.load_zero<u64>(at, 1024);
    const s2 = v128.load_zero<u64>(at, 2048);
    const s3 = v128.load_zero<u64>(at, 3072);
    const x0r = f64x2.mul(
      f64x2.convert_low_i32x4_s(i32x4.shr_s(i32x4.shl(s0, 16), 16)),
      v128.load(window, 0),
    );
    const x1r = f64x2.mul(
      f64x2.convert_low_i32x4_s(i32x4.shr_s(i32x4.shl(s1, 16), 16)),
      v128.load(window, QUARTER),
    );
    const x2r = f64x2.mul(
      f64x2.convert_low_i32x4_s(i32x4.shr_s(i32x4.shl(s2, 16), 16)),
      v128.load(window, 2 * QUARTER),
    );
    const x3r = f64x2.mul(
      f64x2.convert_low_i32x4_s(i32x4.shr_s(i32x4.shl(s3, 16), 16)),
      v128.load(window, 3 * QUARTER),
    );
    const x0i = f64x2.mul(f64x2.convert_low_i32x4_s(i32x4.shr_s(s0, 16)), v128.load(window, IMAGINARY));
    const x1i = f64x2.mul(
      f64x2.convert_low_i32x4_s(i32x4.shr_s(s1, 16)),
      v128.load(window, IMAGINARY + QUARTER),
    );
    const x2i = f64x2.mul(
      f64x2.convert_low_i32x4_s(i32x4.shr_s(s2, 16)),
      v128.load(window, IMAGINARY + 2 * QUARTER),
    );
    const x3i = f64x2.mul(
      f64x2.convert_low_i32x4_s(i32x4.shr_s(s3, 16)),
      v128.load(window, IMAGINARY + 3 * QUARTER),
    );

    const ar = f64x2.add(x0r, x2r);
    const ai = f64x2.add(x0i, x2i);
    const br = f64x2.add(x1r, x3r);
    const bi = f64x2.add(x1i, x3i);
    const cr = f64x2.sub(x0r, x2r);
    const ci = f64x2.sub(x0i, x2i);
    // i · (x1 − x3)
    const dr = f64x2.sub(x3i, x1i);
    const di = f64x2.sub(x1r, x3r);

    const w = TWIDDLES + 48 * p;
    const w1r = v128.load(w, 0);
    const w1i = v128.load(w, 16);
    const w2r = v128.load(w, 32);
    const w2i = v128.load(w, 48);
    const w3r = v128.load(w, 64);
    const w3i = v128.load(w, 80);
    const pr = f64x2.sub(cr, dr);
    const pi = f64x2.sub(ci, di);
    const mr = f64x2.sub(ar, br);
    const mi = f64x2.sub(ai, bi);
    const er = f64x2.add(cr, dr);
    const ei = f64x2.add(ci, di);
    const y0r = f64x2.add(ar, br);
    const y0i = f64x2.add(ai, bi);
    const y1r = f64x2.sub(f64x2.mul(w1r, pr), f64x2.mul(w1i, pi));
    const y1i = f64x2.add(f64x2.mul(w1r, pi), f64x2.mul(w1i, pr));
    const y2r = f64x2.sub(f64x2.mul(w2r, mr), f64x2.mul(w2i, mi));
    const y2i = f64x2.add(f64x2.mul(w2r, mi), f64x2.mul(w2i, mr));
    const y3r = f64x2.sub(f64x2.mul(w3r, er), f64x2.mul(w3i, ei));
    const y3i = f64x2.add(f64x2.mul(w3r, ei), f64x2.mul(w3i, er));

    const out = A + 32 * p;
    v128.store(out, f64x2.shuffle(y0r, y1r, 0, 2), 0);
    v128.store(out, f64x2.shuffle(y2r, y3r, 0, 2), 16);
    v128.store(out, f64x2.shuffle(y0r, y1r, 1, 3), 32);
    v128.store(out, f64x2.shuffle(y2r, y3r, 1, 3), 48);
    v128.store(out, f64x2.shuffle(y0i, y1i, 0, 2), IMAGINARY);
    v128.store(out, f64x2.shuffle(y2i, y3i, 0, 2), IMAGINARY + 16);
    v128.store(out, f64x2.shuffle(y0i, y1i, 1, 3), IMAGINARY + 32);
    v128.store(out, f64x2.shuffle(y2i, y3i, 1, 3), IMAGINARY + 48);
  }
}

/** A pass from `x` to `y` whose butterflies share their twiddles by `s`. Two of them at once. */
function pass(x: usize, y: usize, s: usize): void {
  const row: usize = 8 * s;
  // Every quarter is read once through; rows of results lie four apart. From p to p + 1 the twiddles turn by s.
  const last = x + QUARTER;
  let from = x;
  let out = y;
  for (let w = TWIDDLES; from < last; w += 48 * s, out += 3 * row) {
    const w1r = v128.load_splat<f64>(w, 0);
    const w1i = v128.load_splat<f64>(w, 16);
    const w2r = v128.load_splat<f64>(w, 32);
    const w2i = v128.load_splat<f64>(w, 48);
    const w3r = v128.load_splat<f64>(w, 64);
    const w3i = v128.load_splat<f64>(w, 80);
    for (const end = from + row; from < end; from += 16, out += 16) {
      const x0r = v128.load(from, 0);
      const x1r = v128.load(from, QUARTER);
      const x2r = v128.load(from, 2 * QUARTER);
      const x3r = v128.load(from, 3 * QUARTER);
      const x0i = v128.load(from, IMAGINARY);
      const x1i = v128.load(from, IMAGINARY + QUARTER);
      const x2i = v128.load(from, IMAGINARY + 2 * QUARTER);
      const x3i = v128.load(from, IMAGINARY + 3 * QUARTER);
      const ar = f64x2.add(x0r, x2r);
      const ai = f64x2.add(x0i, x2i);
      const br = f64x2.add(x1r, x3r);
      const bi = f64x2.add(x1i, x3i);
      const cr = f64x2.sub(x0r, x2r);
      const ci = f64x2.sub(x0i, x2i);
      const dr = f64x2.sub(x3i, x1i);
      const di = f64x2.sub(x1r, x3r);
      const pr = f64x2.sub(cr, dr);
      const pi = f64x2.sub(ci, di);
      const mr = f64x2.sub(ar, br);
      const mi = f64x2.sub(ai, bi);
      const er = f64x2.add(cr, dr);
      const ei = f64x2.add(ci, di);
      const out1 = out + row;
      const out2 = out1 + row;
      const out3 = out2 + row;
      v128.store(out, f64x2.add(ar, br), 0);
      v128.store(out, f64x2.add(ai, bi), IMAGINARY);
      v128.store(out1, f64x2.sub(f64x2.mul(w1r, pr), f64x2.mul(w1i, pi)), 0);
      v128.store(out1, f64x2.add(f64x2.mul(w1r, pi), f64x2.mul(w1i, pr)), IMAGINARY);
      v128.store(out2, f64x2.sub(f64x2.mul(w2r, mr), f64x2.mul(w2i, mi)), 0);
      v128.store(out2, f64x2.add(f64x2.mul(w2r, mi), f64x2.mul(w2i, mr)), IMAGINARY);
      v128.store(out3, f64x2.sub(f64x2.mul(w3r, er), f64x2.mul(w3i, ei)), 0);
      v128.store(out3, f64x2.add(f64x2.mul(w3r, ei), f64x2.mul(w3i, er)), IMAGINARY);
    }
  }
}
