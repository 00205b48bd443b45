import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { type Frame, frame, type Panel } from './panel';
import { type Phrase, say } from './phrase';

export interface LineSpec extends Frame {
  /** `stack`: filled, one above the other; `bars`: the same as columns, for things that are counted. */
  readonly style?: 'line' | 'stack' | 'bars';
  /** A table beside the graph, where there are more series than a line of legend can name. */
  readonly legend?: 'list' | 'table';
  /** Series by their legend, always in the same colour; between slashes: all legends that match. */
  readonly colours?: Readonly<Record<string, string>>;
  /** What a person reads instead of a legend that is a label's value. */
  readonly names?: Readonly<Record<string, Phrase>>;
  /** Draws the thresholds as dashed lines. */
  readonly limits?: boolean;
}

/** Values over time. */
export function lines(spec: LineSpec): Panel {
  const style = spec.style ?? 'line';
  return {
    w: spec.w,
    h: spec.h ?? 8,
    build(language) {
      const builder = frame(new timeseries.PanelBuilder(), spec, language)
        .colorScheme(new dashboard.FieldColorBuilder().mode('palette-classic' as dashboard.FieldColorModeId))
        .drawStyle(style === 'bars' ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
        // Without an outline: that of a series at nothing would cover, in its colour, the top of all the others.
        .lineWidth(style === 'line' ? 2 : 0)
        .fillOpacity(style === 'bars' ? 80 : style === 'stack' ? 65 : 8)
        .showPoints(common.VisibilityMode.Never)
        .spanNulls(false)
        .lineInterpolation(common.LineInterpolation.Linear)
        .stacking(
          new common.StackingConfigBuilder()
            .group('A')
            .mode(style === 'line' ? common.StackingMode.None : common.StackingMode.Normal),
        )
        .tooltip(
          new common.VizTooltipOptionsBuilder()
            .mode(common.TooltipDisplayMode.Multi)
            .sort(common.SortOrder.Descending),
        )
        .legend(
          new common.VizLegendOptionsBuilder()
            .showLegend(true)
            .displayMode(
              spec.legend === 'table' ? common.LegendDisplayMode.Table : common.LegendDisplayMode.List,
            )
            .placement(spec.legend === 'table' ? common.LegendPlacement.Right : common.LegendPlacement.Bottom)
            .calcs(spec.legend === 'table' ? ['lastNotNull', 'max'] : []),
        )
        .thresholdsStyle(
          new common.GraphThresholdsStyleConfigBuilder().mode(
            spec.limits ? common.GraphThresholdsStyleMode.Dashed : common.GraphThresholdsStyleMode.Off,
          ),
        );
      // Counts that stay at nothing: an axis of 0 to 1, not Grafana's 0 to 100.
      if (['short', 'none', 'reqps', 'ops'].includes(spec.unit)) builder.axisSoftMax(1);
      // Counts are of a whole step; steps shorter than the reach of a rate would show each event several times.
      if (style === 'bars') builder.interval('1m');
      // The last one counts: the patterns first, then what has a colour of its own.
      const colours = Object.entries(spec.colours ?? {});
      const isPattern = (name: string) => name.startsWith('/');
      const fixed = (colour: string) => [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }];
      for (const [name, colour] of colours) {
        if (isPattern(name)) builder.overrideByRegexp(name, fixed(colour));
      }
      for (const [name, colour] of colours) {
        if (!isPattern(name)) builder.overrideByName(name, fixed(colour));
      }
      for (const [name, phrase] of Object.entries(spec.names ?? {})) {
        builder.overrideByName(name, [{ id: 'displayName', value: say(phrase, language) }]);
      }
      return builder.build();
    },
  };
}

/** How a histogram's values are spread, over time; one query, of buckets summed by `le`. */
export function spread(spec: Omit<Frame, 'queries'> & { readonly buckets: string }): Panel {
  const queries = [{ expr: spec.buckets, legend: '{{le}}', format: prometheus.PromQueryFormat.Heatmap }];
  return {
    w: spec.w,
    h: spec.h ?? 8,
    build: (language) =>
      frame(new heatmap.PanelBuilder(), { ...spec, queries }, language)
        .calculate(false)
        .color(
          new heatmap.HeatmapColorOptionsBuilder()
            .mode(heatmap.HeatmapColorMode.Scheme)
            // Viridis: equal steps look equal, also to the colour-blind and in print.
            .scheme('Viridis')
            .steps(64)
            .exponent(0.5)
            .scale(heatmap.HeatmapColorScale.Exponential)
            .fill('dark-blue')
            .reverse(false),
        )
        .yAxis(new heatmap.YAxisConfigBuilder().unit(spec.unit).axisPlacement(common.AxisPlacement.Left))
        .cellGap(1)
        .filterValues(new heatmap.FilterValueRangeBuilder().le(1e-9))
        .rowsFrame(new heatmap.RowsHeatmapOptionsBuilder().layout(common.HeatmapCellLayout.Auto))
        .showValue(common.VisibilityMode.Never)
        .tooltip(
          new heatmap.HeatmapTooltipBuilder()
            .mode(common.TooltipDisplayMode.Single)
            .yHistogram(true)
            .showColorScale(true),
        )
        .showLegend()
        .build(),
  };
}

/** One band per series, coloured and named by its value. */
export function timeline(spec: Frame): Panel {
  return {
    w: spec.w,
    h: spec.h ?? 8,
    build: (language) =>
      frame(new statetimeline.PanelBuilder(), spec, language)
        .showValue(common.VisibilityMode.Never)
        .mergeValues(true)
        .rowHeight(0.8)
        .fillOpacity(80)
        .lineWidth(0)
        .legend(
          new common.VizLegendOptionsBuilder()
            .showLegend(true)
            .displayMode(common.LegendDisplayMode.List)
            .placement(common.LegendPlacement.Bottom)
            .calcs([]),
        )
        .build(),
  };
}
