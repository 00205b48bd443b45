import type { Duplicate } from '../../recognition/local/duplicates';
import type { Fingerprint } from '../../recognition/local/fingerprint';
import type { Reference } from '../types';

export type Question =
  | { readonly id: number; readonly kind: 'add'; readonly references: readonly Reference[] }
  | { readonly id: number; readonly kind: 'find'; readonly fingerprint: Fingerprint };

export interface Reply {
  readonly id: number;
  readonly found?: Duplicate | undefined;
  readonly error?: string;
}
