import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as text from '@grafana/grafana-foundation-sdk/text';
import { COLOURS, type Frame, frame, type Panel } from './panel';
import { type Language, type Phrase, say } from './phrase';

const last = () => new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false);

/** NaN, which is what a quantile of nothing is, reads as the words for nothing. */
const nothing = (spec: Frame, language: Language): dashboard.ValueMapping => ({
  type: dashboard.MappingType.SpecialValue,
  options: {
    match: dashboard.SpecialValueMatch.NullAndNan,
    result: { text: say(spec.noValue, language), color: COLOURS.idle, index: 99 },
  },
});

interface Figure extends Frame {
  readonly sparkline?: boolean;
}

/** One big number. Coloured by its thresholds only where it has some. */
export function figure(spec: Figure): Panel {
  const coloured = spec.steps !== undefined || spec.mappings !== undefined;
  const queries = spec.queries.map((query) => ({ ...query, instant: !spec.sparkline }));
  const mappings = (language: Language) => [...(spec.mappings?.(language) ?? []), nothing(spec, language)];
  return {
    w: spec.w,
    h: spec.h ?? 4,
    build: (language) =>
      frame(new stat.PanelBuilder(), { ...spec, queries, mappings }, language)
        .colorScheme(new dashboard.FieldColorBuilder().mode('thresholds' as dashboard.FieldColorModeId))
        .colorMode(coloured ? common.BigValueColorMode.Background : common.BigValueColorMode.None)
        .graphMode(spec.sparkline ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
        .justifyMode(common.BigValueJustifyMode.Center)
        .textMode(
          spec.queries.length > 1 ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value,
        )
        .reduceOptions(last())
        .build(),
  };
}

/** How many of something there are: one number without a unit, never below nothing. */
export function tally(spec: Omit<Figure, 'unit' | 'min' | 'queries'> & { readonly expr: string }): Panel {
  const { expr, ...rest } = spec;
  return figure({ ...rest, unit: 'none', min: 0, queries: [{ expr }] });
}

/** One bar per series, the newest value beside it. */
export function bars(spec: Frame): Panel {
  const queries = spec.queries.map((query) => ({ ...query, instant: true }));
  return {
    w: spec.w,
    h: spec.h ?? 8,
    build: (language) =>
      frame(new bargauge.PanelBuilder(), { ...spec, queries }, language)
        .colorScheme(new dashboard.FieldColorBuilder().mode('thresholds' as dashboard.FieldColorModeId))
        .displayMode(common.BarGaugeDisplayMode.Basic)
        .orientation(common.VizOrientation.Horizontal)
        .showUnfilled(true)
        .text(new common.VizTextDisplayOptionsBuilder().titleSize(14).valueSize(16))
        .reduceOptions(last())
        .build(),
  };
}

/** A column of a table: the field it comes from, its heading and how its cells look. */
export interface Column {
  readonly field: string;
  readonly title: Phrase;
  readonly unit?: string;
  readonly width?: number;
  readonly decimals?: number;
  readonly mappings?: (language: Language) => dashboard.ValueMapping[];
  readonly steps?: readonly { readonly from?: number; readonly colour: string }[];
  /** `background`: coloured by value or word; `gauge`: a small bar from `min` to `max`. */
  readonly cell?: 'background' | 'gauge';
  readonly min?: number;
  readonly max?: number;
  /** Read where a line has nothing in this column. */
  readonly noValue?: Phrase;
  readonly link?: { readonly title: Phrase; readonly url: string };
}

/** The newest values of several queries, joined by one label, one line per value of it. */
export function grid(
  spec: Frame & { readonly join?: string; readonly columns: readonly Column[]; readonly sortBy: string },
): Panel {
  const queries = spec.queries.map((query) => ({
    ...query,
    instant: true,
    format: prometheus.PromQueryFormat.Table,
  }));
  return {
    w: spec.w,
    h: spec.h ?? 9,
    build(language) {
      const builder = frame(new table.PanelBuilder(), { ...spec, queries }, language)
        .cellHeight(common.TableCellHeight.Sm)
        .align(common.FieldTextAlignment.Auto)
        .filterable(true)
        .sortBy([new common.TableSortByFieldStateBuilder().displayName(titleOf(spec.sortBy)).desc(false)]);
      if (spec.join !== undefined) {
        builder.withTransformation({ id: 'joinByField', options: { byField: spec.join, mode: 'outer' } });
      }
      builder.withTransformation({
        id: 'organize',
        options: {
          includeByName: Object.fromEntries(spec.columns.map(({ field }) => [field, true])),
          indexByName: Object.fromEntries(spec.columns.map(({ field }, index) => [field, index])),
          renameByName: Object.fromEntries(
            spec.columns.map(({ field, title }) => [field, say(title, language)]),
          ),
        },
      });
      for (const column of spec.columns) {
        builder.overrideByName(say(column.title, language), properties(column, language));
      }
      return builder.build();

      function titleOf(field: string): string {
        return say(spec.columns.find((column) => column.field === field)!.title, language);
      }
    },
  };
}

function properties(column: Column, language: Language): dashboard.DynamicConfigValue[] {
  const values: dashboard.DynamicConfigValue[] = [];
  const set = (id: string, value: unknown) => value !== undefined && values.push({ id, value });
  set('unit', column.unit);
  set('custom.width', column.width);
  set('decimals', column.decimals);
  set('min', column.min);
  set('max', column.max);
  set('noValue', say(column.noValue ?? '—', language));
  if (column.link !== undefined) {
    set('links', [{ title: say(column.link.title, language), url: column.link.url, targetBlank: true }]);
  }
  set('mappings', column.mappings?.(language));
  if (column.steps !== undefined) {
    const steps = column.steps.map(({ from, colour }) => ({ value: from ?? null, color: colour }));
    set('thresholds', { mode: 'absolute', steps });
    set('color', { mode: 'thresholds' });
  }
  if (column.cell === 'background') set('custom.align', 'center');
  if (column.cell === 'background') set('custom.cellOptions', { type: 'color-background', mode: 'basic' });
  if (column.cell === 'gauge')
    set('custom.cellOptions', { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' });
  return values;
}

/** Words, in Markdown. */
export function note(spec: {
  readonly title: Phrase;
  readonly description: Phrase;
  readonly content: Phrase;
  readonly w: number;
  readonly h: number;
}): Panel {
  return {
    w: spec.w,
    h: spec.h,
    build: (language) =>
      new text.PanelBuilder()
        .title(say(spec.title, language))
        .description(say(spec.description, language))
        .mode(text.TextMode.Markdown)
        .content(say(spec.content, language))
        .build(),
  };
}
