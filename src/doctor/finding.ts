/** What a check found. `ok` and `note` ask for nothing; `doubt` deserves a look; `fault` needs somebody. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'doubt' | 'fault';
  /** The part that was looked at, in French. */
  readonly about: string;
  readonly text: string;
  /** What to do, in French; every `doubt` and `fault` has one. */
  readonly todo?: string;
}

/** Findings about one part. */
export function about(part: string) {
  return {
    ok: (text: string): Finding => ({ level: 'ok', about: part, text }),
    note: (text: string): Finding => ({ level: 'note', about: part, text }),
    doubt: (text: string, todo: string): Finding => ({ level: 'doubt', about: part, text, todo }),
    fault: (text: string, todo: string): Finding => ({ level: 'fault', about: part, text, todo }),
  };
}

/** `a, b, c et 4 autres`: a list that stays readable. */
export function some(items: readonly string[], shown = 6): string {
  if (items.length <= shown) return items.join(', ');
  const rest = items.length - shown;
  return `${items.slice(0, shown).join(', ')} et ${rest} ${rest === 1 ? 'autre' : 'autres'}`;
}
