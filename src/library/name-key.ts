/** Latin, Greek and Cyrillic accents, once taken apart. Vowel signs of other scripts make names differ and stay. */
const ACCENTS = /[\u0300-\u036f]/g;

/**
 * The key under which two spellings of one name meet: lower case, without accents, single spaces, plain apostrophes.
 * « Youssou N’DOUR » and "Youssou N'Dour" share one. Empty only for a blank name.
 */
export function nameKey(name: string): string {
  return name
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .toLowerCase()
    .replace(/[\u2018\u2019\u02bc\u00b4`]/g, "'")
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/\s+/g, ' ')
    .trim();
}
