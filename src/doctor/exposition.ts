/** What was read of a page in Prometheus' text format. */
export interface Exposition {
  /** Families by the name of their TYPE line. */
  readonly types: ReadonlyMap<string, string>;
  /** Names of the samples that have a value. */
  readonly samples: ReadonlySet<string>;
  /** Samples by name and their labels as written, for the few that a check reads. */
  readonly values: ReadonlyMap<string, number>;
  /** Lines that are not of the format, with their number. */
  readonly invalid: readonly string[];
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)( -?\d+)?$/;

/** Reads the format as far as a check needs it; `promtool check metrics` is stricter. */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  const samples = new Set<string>();
  const invalid: string[] = [];
  text.split('\n').forEach((line, index) => {
    if (line === '') return;
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type !== null) {
      types.set(type[1]!, type[2]!);
      return;
    }
    if (line.startsWith('#')) return;
    const sample = SAMPLE.exec(line);
    const value = sample === null ? undefined : number(sample[3]!);
    if (sample === null || value === undefined || values.has(sample[1]! + (sample[2] ?? ''))) {
      invalid.push(`ligne ${index + 1} : ${line.slice(0, 120)}`);
      return;
    }
    samples.add(sample[1]!);
    values.set(sample[1]! + (sample[2] ?? ''), value);
  });
  return { types, samples, values, invalid };
}

function number(text: string): number | undefined {
  if (/^[+-]?Inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^NaN$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}
