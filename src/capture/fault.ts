import type { StreamFault } from './types';

/** Why a connection is over. `message` is the detail: it is shown and logged, so it holds no credentials. */
export class StreamError extends Error {
  constructor(
    readonly fault: StreamFault,
    detail: string,
  ) {
    super(detail);
    this.name = 'StreamError';
  }
}

const SECRET = /token|key|pass|auth|sig|secret/i;

/** The URL without what opens doors: user, password, and the values of parameters that look like keys. */
export function publicUrl(url: URL | string): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  for (const name of new Set(copy.searchParams.keys())) {
    if (SECRET.test(name)) copy.searchParams.set(name, '***');
  }
  return copy.href;
}
