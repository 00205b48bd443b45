import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->` in a document by `text`; appends it, below `heading`,
 * where the document does not have it yet.
 */
export function writeSection(path: string, name: string, heading: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const section = `${begin}\n\n${text.trim()}\n\n${end}`;
  const document = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  mkdirSync(dirname(path), { recursive: true });
  const written =
    from >= 0 && to > from
      ? document.slice(0, from) + section + document.slice(to + end.length)
      : `${document.trimEnd()}\n\n## ${heading}\n\n${section}\n`;
  writeFileSync(path, written.trimStart());
}
