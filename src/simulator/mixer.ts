import { AIR_RATE, SAMPLES_PER_MS } from './air';
import type { Element, Programme } from './programme';
import type { AudioProvider } from './recorded-audio';

/** Samples between two computed gains; between them the gain moves in a straight line. */
const STEP = 240;
/** How far music goes down under speech, and how long that takes. */
const DUCKED = 0.3;
const DUCK_MS = 300;

/** What a station sends: everything of its programme that is on the air at a time, with its fades, summed. */
export class Mixer {
  constructor(
    private readonly programme: Programme,
    private readonly audio: AudioProvider,
  ) {}

  /**
   * Fills `out` with the programme from a sample (counted at AIR_RATE from the programme's origin; may be negative).
   * Values are within ±1.
   */
  render(fromSample: number, out: Float32Array): void {
    out.fill(0);
    const fromMs = fromSample / SAMPLES_PER_MS;
    const toMs = (fromSample + out.length) / SAMPLES_PER_MS;
    const elements = this.programme.elementsBetween(fromMs, toMs + DUCK_MS);
    const talk = elements.filter((element) => element.over);
    for (const element of elements) {
      if (element.startMs < toMs && element.endMs > fromMs) this.add(element, talk, fromSample, out);
    }
    for (let i = 0; i < out.length; i++) {
      const x = out[i]!;
      // Straight up to 0.7, then bent so that sums of full-scale elements stay below 1.
      const size = Math.abs(x);
      if (size > 0.7) out[i] = Math.sign(x) * (1 - 0.09 / (size - 0.4));
    }
  }

  private add(element: Element, talk: readonly Element[], fromSample: number, out: Float32Array): void {
    const audio = this.audio.get(element.key, element.audioMs);
    const start = element.startMs * SAMPLES_PER_MS;
    const first = Math.max(fromSample, start);
    const last = Math.min(fromSample + out.length, element.endMs * SAMPLES_PER_MS);
    const gainAt = (sample: number) => gain(element, talk, sample / SAMPLES_PER_MS) / 32_768;
    const offset = element.offsetMs * SAMPLES_PER_MS;
    for (let at = first; at < last; at += STEP) {
      const to = Math.min(at + STEP, last);
      let level = gainAt(at);
      const rise = (gainAt(to) - level) / (to - at);
      for (let i = at; i < to; i++) {
        out[i - fromSample]! += level * sampleAt(audio, offset, i - start, element.speed);
        level += rise;
      }
    }
  }
}

function sampleAt(audio: Int16Array, offset: number, elapsed: number, speed: number): number {
  if (speed === 1) return audio[offset + elapsed] ?? 0;
  const position = offset + elapsed * speed;
  const i = Math.floor(position);
  const t = position - i;
  const [a, b, c, d] = [audio[i - 1] ?? 0, audio[i] ?? 0, audio[i + 1] ?? 0, audio[i + 2] ?? 0];
  // Catmull-Rom: what it adds above 8 kHz is far below what a codec at radio bit rates adds.
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

function gain(element: Element, talk: readonly Element[], atMs: number): number {
  const since = atMs - element.startMs;
  const left = element.endMs - atMs;
  let value = 1;
  if (since < element.fadeInMs) value *= Math.sin((Math.PI / 2) * Math.max(0, since / element.fadeInMs));
  if (left < element.fadeOutMs) value *= Math.sin((Math.PI / 2) * Math.max(0, left / element.fadeOutMs));
  if (element.kind === 'speech') return value;
  let under = 0;
  for (const speech of talk) {
    const inside = Math.min(atMs - speech.startMs + DUCK_MS, speech.endMs - atMs + DUCK_MS) / DUCK_MS;
    under = Math.max(under, Math.min(1, inside));
  }
  return value * (1 - (1 - DUCKED) * under);
}

/** The programme between two times as one buffer, for tests and offline evaluation. */
export function renderProgramme(mixer: Mixer, fromMs: number, toMs: number): Float32Array {
  const out = new Float32Array(Math.round((toMs - fromMs) * SAMPLES_PER_MS));
  const from = Math.round(fromMs * SAMPLES_PER_MS);
  for (let at = 0; at < out.length; at += AIR_RATE) mixer.render(from + at, out.subarray(at, at + AIR_RATE));
  return out;
}
