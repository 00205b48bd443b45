import { basename, extname } from 'node:path';
import { readIsrc } from './isrc';
import { nameKey } from './name-key';

/** What a file's tags say of its recording. Nothing that they do not say is filled in, but for the title. */
export interface TaggedRecording {
  /** The tag's, or the file's name without extension and track number. */
  readonly title: string;
  /** In the order of the tag; empty when it names nobody. */
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly isrc?: string;
  /** What was found but could not be used, for people, in French. */
  readonly warnings: readonly string[];
}

/** Longest text that is taken from a tag, characters: beyond it is no name but an accident. */
const LONGEST = 500;

/** Separators that no performer has in the name. A comma or « & » may be part of one (« Earth, Wind & Fire »). */
const BETWEEN_PERFORMERS = /\s*[;\0]\s*|\s+\/\s+|\s+[([]?(?:feat\.?|ft\.?|featuring)\s+/i;

/** What taggers write when they know no performer. */
const NOBODY = new Set([
  'unknown',
  'unknown artist',
  '<unknown>',
  '[unknown]',
  'artiste inconnu',
  'inconnu',
  'various',
  'various artists',
  'artistes divers',
  'divers',
  'va',
  'n/a',
]);

/**
 * Reads the tags of a decoded file.
 * @param tags keys in lower case, as `decodeFile` gives them
 * @param fileName with or without folder; gives the title when no tag does
 */
export function readTags(tags: Readonly<Record<string, string>>, fileName: string): TaggedRecording {
  const warnings: string[] = [];
  const first = (...keys: string[]): string | undefined => {
    for (const key of keys) {
      const value = clean(tags[key]);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const reading = readIsrc(tags.isrc ?? tags.tsrc);
  if (reading.kind === 'invalid')
    warnings.push(`ISRC « ${clean(reading.text)} » non valable, laissé de côté`);
  if (reading.kind === 'ambiguous') warnings.push(`plusieurs ISRC (${clean(reading.text)}), aucun retenu`);
  const album = first('album', 'talb');
  const label = first('label', 'publisher', 'organization', 'organisation', 'tpub');
  return {
    title: first('title', 'tit2') ?? titleFromFileName(fileName),
    artists: splitPerformers(tags.artists ?? tags.artist ?? tags.performer ?? tags.tpe1),
    ...(album === undefined ? {} : { album }),
    ...(label === undefined ? {} : { label }),
    ...(reading.kind === 'valid' ? { isrc: reading.isrc } : {}),
    warnings,
  };
}

/** The performers that one field names, each once, in its order. */
export function splitPerformers(field: string | undefined): string[] {
  const seen = new Map<string, string>();
  for (const part of (field ?? '').split(BETWEEN_PERFORMERS)) {
    let name = clean(part);
    // What is left of « (feat. X) ».
    if (name !== undefined && !/[([]/.test(name)) name = clean(name.replace(/[)\]]+$/, ''));
    if (name === undefined) continue;
    const key = nameKey(name);
    if (key !== '' && !NOBODY.has(key) && !seen.has(key)) seen.set(key, name);
  }
  return [...seen.values()];
}

/** « 03 - Birima.mp3 » → « Birima »; a file that has nothing but a number keeps it. */
export function titleFromFileName(fileName: string): string {
  const base = basename(fileName);
  const bare = base.slice(0, base.length - extname(base).length);
  const spaced = bare.includes(' ') ? bare : bare.replaceAll('_', ' ');
  return clean(spaced.replace(/^\d{1,3}\s*(?:[-–.)]\s+|[-–.)]\s*(?=\D))/, '')) ?? clean(base) ?? 'sans titre';
}

/** Without control characters (PostgreSQL stores no NUL), single spaces, of bounded length; undefined when empty. */
function clean(text: string | undefined): string | undefined {
  const tidy = (text ?? '')
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST)
    .trim();
  return tidy === '' ? undefined : tidy;
}
