/** The one sample rate of the service: what the decoders give and the recogniser takes, in hertz. */
export const SAMPLE_RATE = 8_000;

/** Seconds of `samples` at the service's rate. */
export function seconds(samples: number): number {
  return samples / SAMPLE_RATE;
}
