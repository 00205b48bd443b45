/** HTML that is ready to be sent: made by `html` and `trusted` only, so that no text gets in unescaped. */
export class Html {
  constructor(readonly text: string) {}
}

/** Our own style and script, which escaping would break; never a text from outside. */
export function trusted(text: string): Html {
  return new Html(text);
}

type Part = string | number | Html | undefined | false | readonly Part[];

/** A template whose values are escaped, unless they are HTML already; lists are joined, nothing is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.map((piece, i) => piece + (i < values.length ? render(values[i]) : '')).join(''));
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(render).join('');
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}
