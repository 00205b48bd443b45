import type { Codec } from '../types';

/** What the main process tells a decoder process. `segment`: one whole HLS segment; `bytes`: a piece of a stream. */
export type ToDecoder =
  | { readonly t: 'open'; readonly id: number }
  | { readonly t: 'bytes'; readonly id: number; readonly data: Uint8Array }
  | { readonly t: 'segment'; readonly id: number; readonly data: Uint8Array }
  | { readonly t: 'end'; readonly id: number }
  | { readonly t: 'drop'; readonly id: number };

/** What it answers: one for each `bytes`, `segment` and `end`, in their order, until a fault. */
export interface FromDecoder {
  readonly id: number;
  /** Bytes of the message that this answers: they are no longer in flight. */
  readonly bytes: number;
  /** Mono, 16-bit, SAMPLE_RATE. */
  readonly samples?: Int16Array;
  /** With the first samples, and again should it change. */
  readonly codec?: Codec;
  /** A title found within the stream (Vorbis comments). */
  readonly title?: string;
  /** No decoder makes audio of this; nothing more will come for this id. */
  readonly garbage?: string;
  readonly ended?: true;
}
