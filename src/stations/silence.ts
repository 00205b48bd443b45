import { SAMPLE_RATE } from '../audio';

/** RMS below this is silence: −60 dB of full scale. */
const QUIET_RMS = 32_768 * 10 ** (-60 / 20);
/** So much of it in a row makes a station silent, seconds of audio. */
const SILENT_S = 20;
/** Loudness is measured over so much, so that one click in the silence does not end it for long. */
const BLOCK = SAMPLE_RATE / 2;

/** Says whether a station is silent: carried, but with nothing to hear. */
export class SilenceDetector {
  private sum = 0;
  private count = 0;
  private quiet = 0;

  /** True while the last 20 s or more were all silence. */
  push(samples: Int16Array): boolean {
    for (const sample of samples) {
      this.sum += sample * sample;
      if (++this.count < BLOCK) continue;
      this.quiet = Math.sqrt(this.sum / BLOCK) < QUIET_RMS ? this.quiet + BLOCK : 0;
      [this.sum, this.count] = [0, 0];
    }
    return this.quiet >= SILENT_S * SAMPLE_RATE;
  }

  /** A new connection: what was before says nothing about it. */
  reset(): void {
    [this.sum, this.count, this.quiet] = [0, 0, 0];
  }
}
