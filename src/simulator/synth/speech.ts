import { AIR_RATE } from '../air';
import { Random } from '../random';
import { master } from './master';

/** First three formants of vowels, hertz. */
const VOWELS = [
  [730, 1090, 2440],
  [270, 2290, 3010],
  [300, 870, 2240],
  [530, 1840, 2480],
  [570, 840, 2410],
  [440, 1020, 2240],
] as const;

/**
 * Something that has the rhythm, pitch and formants of speech and says nothing: `seconds` of 16-bit mono at AIR_RATE,
 * the same for the same name.
 */
export function synthesiseSpeech(name: string, seconds: number): Int16Array {
  const random = new Random('speech', name);
  const out = new Float32Array(Math.round(seconds * AIR_RATE));
  const speaker = random.between(95, 210);
  const size = random.between(0.92, 1.15);
  const filters = [new Resonator(), new Resonator(), new Resonator()];
  let vowel = random.pick(VOWELS);
  let phase = 0;
  let sentence = random.int(6, 16);
  let melody = 1.15;
  for (let at = 0; at < out.length; ) {
    const length = Math.round(random.between(0.11, 0.24) * AIR_RATE);
    const target = random.pick(VOWELS);
    const unvoiced = random.chance(0.45) ? Math.round(random.between(0.03, 0.09) * AIR_RATE) : 0;
    const hiss = random.between(0.02, 0.08);
    const stress = random.between(0.5, 1);
    let pitch = speaker * melody * (1 + random.around0(0.06));
    const glide = 1 + random.around0(0.00001);
    const end = Math.min(out.length, at + length);
    for (let i = at, n = 0; i < end; i++, n++) {
      if (n % 48 === 0) {
        const t = Math.min(1, (2 * n) / length);
        filters.forEach((filter, f) => {
          filter.tune((vowel[f]! + (target[f]! - vowel[f]!) * t) * size, 70 + 40 * f);
        });
      }
      const envelope = stress * Math.sin((Math.PI * n) / length);
      phase += pitch / AIR_RATE;
      pitch *= glide;
      let source = (random.next() - 0.5) * 0.03;
      if (n >= unvoiced) {
        if (phase >= 1) source += 1;
      } else {
        out[i]! += (random.next() - 0.5) * hiss * 4;
      }
      if (phase >= 1) phase -= 1;
      source *= envelope;
      out[i]! += filters[0]!.step(source) + 0.5 * filters[1]!.step(source) + 0.25 * filters[2]!.step(source);
    }
    vowel = target;
    at += length;
    // The mouth closes before p, t, k, b, d, g: what tells speech from music is that its level falls this often.
    if (random.chance(0.45)) at += Math.round(random.between(0.04, 0.1) * AIR_RATE);
    melody = Math.max(0.8, melody - random.between(0, 0.04));
    if (--sentence === 0) {
      at += Math.round(random.between(0.15, 0.6) * AIR_RATE);
      sentence = random.int(6, 16);
      melody = 1.15;
    }
  }
  return master(out, 0.12);
}

/** A two-pole resonator. */
class Resonator {
  private gain = 0;
  private b1 = 0;
  private b2 = 0;
  private y1 = 0;
  private y2 = 0;

  tune(frequency: number, bandwidth: number): void {
    const r = Math.exp((-Math.PI * bandwidth) / AIR_RATE);
    this.b1 = 2 * r * Math.cos((2 * Math.PI * frequency) / AIR_RATE);
    this.b2 = -r * r;
    this.gain = 1 - this.b1 - this.b2;
  }

  step(x: number): number {
    const y = this.gain * x + this.b1 * this.y1 + this.b2 * this.y2;
    this.y2 = this.y1;
    this.y1 = y;
    return y;
  }
}
