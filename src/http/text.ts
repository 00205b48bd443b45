/** Keys that reach an object's prototype instead of the object. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_DEPTH = 20;

/** What makes a text unfit for storage: NUL, lone surrogates, and the mark of bytes that were no UTF-8. */
export function isCleanText(text: string): boolean {
  return !text.includes('\0') && !text.includes('\uFFFD') && !/\p{Surrogate}/u.test(text);
}

/** What is wrong with a parsed JSON value as such, before anybody looks at what it means; nothing when it is fine. */
export function jsonFault(value: unknown, depth = 0): 'key' | 'text' | 'depth' | undefined {
  if (depth > MAX_DEPTH) return 'depth';
  if (typeof value === 'string') return isCleanText(value) ? undefined : 'text';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) return 'key';
    if (!isCleanText(key)) return 'text';
    const fault = jsonFault(child, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
