import { SAMPLE_RATE } from '../audio';

/** The last audio of one session: what a play that is written late still needs. */
export class PcmRing {
  readonly #capacity: number;
  #chunks: { readonly first: number; readonly samples: Int16Array }[] = [];

  /** @param seconds of audio to keep */
  constructor(seconds: number) {
    this.#capacity = Math.round(seconds * SAMPLE_RATE);
  }

  /** Number of the sample after the last one. */
  get end(): number {
    const last = this.#chunks.at(-1);
    return last ? last.first + last.samples.length : 0;
  }

  /** Number of the first sample that is still here. */
  get start(): number {
    return this.#chunks[0]?.first ?? 0;
  }

  /** Takes the session's next samples; they must not be changed afterwards. */
  push(first: number, samples: Int16Array): void {
    if (samples.length === 0) return;
    // A hole never happens within a session; should it, what lies before it is not continuous with what follows.
    if (first !== this.end) this.#chunks = [];
    this.#chunks.push({ first, samples });
    const oldest = this.end - this.#capacity;
    let gone = 0;
    while (gone < this.#chunks.length - 1 && this.#chunks[gone + 1]!.first <= oldest) gone += 1;
    if (gone > 0) this.#chunks.splice(0, gone);
  }

  /** Samples `from` to `to`, as far as they are here: `first` says where they really begin. */
  slice(from: number, to: number): { readonly first: number; readonly samples: Int16Array } {
    const a = Math.max(from, this.start);
    const b = Math.max(a, Math.min(to, this.end));
    const out = new Int16Array(b - a);
    for (const { first, samples } of this.#chunks) {
      const begin = Math.max(a, first);
      const end = Math.min(b, first + samples.length);
      if (end > begin) out.set(samples.subarray(begin - first, end - first), begin - a);
    }
    return { first: a, samples: out };
  }
}
