/**
 * International Standard Recording Code, ISO 3901: two letters of prefix, three letters or digits of registrant, two
 * digits of year, five digits of designation. It has no check digit: only its form can be verified.
 */
const FORM = /^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$/;

/** Year and designation all zero: what taggers put in where they know nothing. */
const PLACEHOLDER = /0{7}$/;

/**
 * The twelve characters of an ISRC, e.g. `FRZ031400123`, from the ways people write it ("FR-Z03-14-00123",
 * "ISRC fr z03 14 00123"); undefined when it is none.
 */
export function normaliseIsrc(text: string): string | undefined {
  const bare = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/^\s*ISRC[\s:]*/, '')
    .replace(/[\s\u2010-\u2015.-]/g, '');
  return FORM.test(bare) && !PLACEHOLDER.test(bare) ? bare : undefined;
}

/** The way people read it: `FR-Z03-14-00123`. Takes a normalised code. */
export function formatIsrc(isrc: string): string {
  return `${isrc.slice(0, 2)}-${isrc.slice(2, 5)}-${isrc.slice(5, 7)}-${isrc.slice(7)}`;
}

/** What a tag or a form field says about the ISRC. */
export type IsrcReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'valid'; readonly isrc: string }
  | { readonly kind: 'invalid'; readonly text: string }
  /** Several different codes for one recording: none can be chosen. */
  | { readonly kind: 'ambiguous'; readonly text: string };

/** Reads a field that may hold several codes, separated by `;`, `,`, `/` or `|`. */
export function readIsrc(text: string | undefined): IsrcReading {
  const parts = (text ?? '')
    .split(/[;,/|\0]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) return { kind: 'absent' };
  const codes = new Set(parts.map(normaliseIsrc).filter((code) => code !== undefined));
  const [isrc] = codes;
  if (isrc === undefined) return { kind: 'invalid', text: parts.join('; ') };
  return codes.size === 1 ? { kind: 'valid', isrc } : { kind: 'ambiguous', text: parts.join('; ') };
}
