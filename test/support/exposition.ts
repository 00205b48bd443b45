import { expect } from 'vitest';

/** One line of an exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A parsed exposition in Prometheus' text format. Parsing fails the test on what Prometheus would refuse. */
export class Exposition {
  readonly families = new Map<string, Family & { samples: Sample[] }>();

  constructor(readonly text: string) {
    expect(text.endsWith('\n')).toBe(true);
    let family: (Family & { samples: Sample[] }) | undefined;
    const help = new Map<string, string>();
    for (const line of text.split('\n')) {
      if (line === '') continue;
      const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
      if (comment?.[1] === 'HELP') help.set(comment[2]!, comment[3]!);
      else if (comment) {
        const name = comment[2]!;
        expect(this.families.has(name), `${name} is declared twice`).toBe(false);
        family = { name, type: comment[3]!, help: help.get(name) ?? '', samples: [] };
        this.families.set(name, family);
      } else {
        const sample = parseSample(line);
        const base = sample.name.replace(family?.type === 'histogram' ? /_(bucket|sum|count)$/ : /$^/, '');
        expect(base, `${line} stands below its family`).toBe(family?.name);
        family?.samples.push(sample);
      }
    }
  }

  /** Samples of this exact name (`…_count` for a histogram's) with at least these labels. */
  samples(name: string, labels: Record<string, string> = {}): Sample[] {
    return [...this.families.values()]
      .flatMap((family) => family.samples)
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
  }

  /** Sum over the samples; 0 when there are none. */
  sum(name: string, labels: Record<string, string> = {}): number {
    return this.samples(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** The one sample, or undefined when it is absent. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.samples(name, labels);
    expect(found.length, `${name} is ambiguous`).toBeLessThanOrEqual(1);
    return found[0]?.value;
  }
}

function parseSample(line: string): Sample {
  const [, name, block, value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  expect(name, `unreadable line: ${line}`).toBeDefined();
  const labels: Record<string, string> = {};
  for (const [, key, text] of (block ?? '').matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    labels[key!] = text!.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
  }
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
  expect(Number.isFinite(number), `no number: ${line}`).toBe(true);
  return { name: name!, labels, value: number };
}
