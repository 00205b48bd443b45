import type { Phrase } from '../../errors';
import type { Fingerprint } from '../../recognition/local/fingerprint';

/** What an analyser process is asked. */
export interface Task {
  readonly id: number;
  readonly kind: 'hash' | 'analyse';
  readonly path: string;
}

export interface Hashed {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What is in an audio file. */
export interface Analysed {
  readonly durationS: number;
  /** Keys in lower case; unchecked text. */
  readonly tags: Readonly<Record<string, string>>;
  readonly codec: string;
  readonly fingerprint: Fingerprint;
}

/** What it answers. */
export type Answer =
  | { readonly id: number; readonly result: Hashed | Analysed }
  | {
      readonly id: number;
      readonly error: { readonly code: string; readonly status: number; readonly phrase: Phrase };
    };
