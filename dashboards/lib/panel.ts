import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as cog from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import { type Language, type Phrase, say } from './phrase';

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's variable, not ours
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** Told apart by people who do not tell red from green, and always beside a word or a number. */
export const COLOURS = { good: 'blue', doubtful: 'orange', bad: 'red', idle: '#8e8e8e' } as const;

export interface Query {
  readonly expr: string;
  readonly legend?: Phrase | string;
  /** One value now instead of a line over time. */
  readonly instant?: boolean;
  readonly format?: prometheus.PromQueryFormat;
}

/** What every panel has; a test holds that nobody leaves one of these away. */
export interface Frame {
  readonly title: Phrase;
  /** What is bad, and what to do then. */
  readonly description: Phrase;
  readonly unit: string;
  /** What a person reads where there is nothing to show. */
  readonly noValue: Phrase;
  readonly queries: readonly Query[];
  /** Width, of 24, and height in rows. */
  readonly w: number;
  readonly h?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  readonly steps?: readonly Step[];
  readonly mappings?: (language: Language) => dashboard.ValueMapping[];
}

/** From this value on (absent: from below), this colour. */
export interface Step {
  readonly from?: number;
  readonly colour: string;
}

/** Good, until it reaches one of these. */
export function moreIsWorse({ doubtful, bad }: { doubtful?: number; bad?: number }): Step[] {
  return [{ colour: COLOURS.good }, ...from(doubtful, COLOURS.doubtful), ...from(bad, COLOURS.bad)];
}

/** Bad, until it reaches one of these. */
export function moreIsBetter({ doubtful, good }: { doubtful?: number; good: number }): Step[] {
  return [{ colour: COLOURS.bad }, ...from(doubtful, COLOURS.doubtful), ...from(good, COLOURS.good)];
}

function from(value: number | undefined, colour: string): Step[] {
  return value === undefined ? [] : [{ from: value, colour }];
}

/** A panel that a board can place. */
export interface Panel {
  readonly w: number;
  readonly h: number;
  build(language: Language): dashboard.Panel;
}

/** What the panel builders of the SDK have in common. */
interface AnyBuilder {
  title(text: string): unknown;
  description(text: string): unknown;
  datasource(source: { type: string; uid: string }): unknown;
  unit(unit: string): unknown;
  min(value: number): unknown;
  max(value: number): unknown;
  decimals(value: number): unknown;
  noValue(text: string): unknown;
  mappings(mappings: dashboard.ValueMapping[]): unknown;
  thresholds(builder: { build(): dashboard.ThresholdsConfig }): unknown;
  withTarget(target: prometheus.DataqueryBuilder): unknown;
  build(): dashboard.Panel;
}

/** Puts what all panels share on one. */
export function frame<B extends AnyBuilder>(builder: B, spec: Frame, language: Language): B {
  builder.title(say(spec.title, language));
  builder.description(say(spec.description, language));
  builder.datasource(DATASOURCE);
  builder.unit(spec.unit);
  builder.noValue(say(spec.noValue, language));
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.mappings !== undefined) builder.mappings(spec.mappings(language));
  builder.thresholds(thresholds(spec.steps ?? [{ colour: COLOURS.good }]));
  spec.queries.forEach((query, index) => {
    const target = new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .datasource(DATASOURCE)
      .editorMode(prometheus.QueryEditorMode.Code)
      .expr(query.expr)
      .legendFormat(say(query.legend ?? '', language));
    if (query.instant) target.instant();
    else target.range();
    if (query.format !== undefined) target.format(query.format);
    builder.withTarget(target);
  });
  return builder;
}

function thresholds(steps: readonly Step[]): cog.ThresholdsConfigBuilder {
  return new cog.ThresholdsConfigBuilder()
    .mode(cog.ThresholdsMode.Absolute)
    .steps(steps.map(({ from, colour }) => ({ value: from ?? null, color: colour })));
}

/** Shows words instead of numbers: `{ 1: { text, colour } }`. */
export function words(
  values: Readonly<Record<string, { readonly text: Phrase; readonly colour: string }>>,
): (language: Language) => dashboard.ValueMapping[] {
  return (language) => [
    {
      type: cog.MappingType.ValueToText,
      options: Object.fromEntries(
        Object.entries(values).map(([value, { text, colour }], index) => [
          value,
          { text: say(text, language), color: colour, index },
        ]),
      ),
    },
  ];
}
