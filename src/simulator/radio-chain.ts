import { AIR_RATE } from './air';

/** Compressor: above the threshold, four decibels in give one out. */
const THRESHOLD = 0.08;
const RATIO = 4;
const MAKE_UP = 2.4;
const ATTACK = 1 - Math.exp(-1 / (0.004 * AIR_RATE));
const RELEASE = 1 - Math.exp(-1 / (0.18 * AIR_RATE));

/**
 * What stations put between the studio and the air to be loud: compression that pumps, more treble and bass, a limiter.
 * Keeps its state from frame to frame; one per stream.
 */
export class RadioChain {
  private envelope = 0;
  private gain = 1;
  private low = 0;
  private high = 0;

  /** In place. */
  process(samples: Float32Array): void {
    const lowStep = 1 - Math.exp((-2 * Math.PI * 120) / AIR_RATE);
    const highStep = 1 - Math.exp((-2 * Math.PI * 3_000) / AIR_RATE);
    for (let i = 0; i < samples.length; i++) {
      const dry = samples[i]!;
      this.low += lowStep * (dry - this.low);
      this.high += highStep * (dry - this.high);
      const shaped = dry + 0.5 * this.low + 0.6 * (dry - this.high);
      const size = Math.abs(shaped);
      this.envelope += (size > this.envelope ? ATTACK : RELEASE) * (size - this.envelope);
      // The costly part only every eighth sample; nothing pumps faster than that.
      if (i % 8 === 0) {
        this.gain = this.envelope > THRESHOLD ? (THRESHOLD / this.envelope) ** (1 - 1 / RATIO) : 1;
      }
      const loud = shaped * this.gain * MAKE_UP;
      samples[i] = loud / Math.sqrt(1 + loud * loud);
    }
  }
}
