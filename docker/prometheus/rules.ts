import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A rule as Prometheus reads it: `alert` or `record`. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

export const RULE_FILES = ['recording.yml', 'alerts.yml'] as const;

/** The groups of the rule files below `docker/prometheus/rules`. */
export function ruleGroups(root: string, files: readonly string[] = RULE_FILES): RuleGroup[] {
  return files.flatMap((file) => {
    const text = readFileSync(join(root, 'docker/prometheus/rules', file), 'utf8');
    return (parse(text) as { groups: RuleGroup[] }).groups;
  });
}
