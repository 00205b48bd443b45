import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import { METRICS as M } from '../metrics';
import { DATASOURCE, type Panel } from './panel';
import { type Language, type Phrase, p, say } from './phrase';
import { of } from './promql';

export interface Section {
  readonly title: Phrase;
  /** Details that one opens: closed at first. */
  readonly collapsed?: boolean;
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly label: Phrase;
  readonly query: string;
}

export interface Board {
  /** French; the English set has `-en` behind it, so that both can be in one Grafana. */
  readonly uid: string;
  readonly file: string;
  readonly title: Phrase;
  readonly description: Phrase;
  readonly from: string;
  readonly variables?: readonly Variable[];
  readonly sections: readonly Section[];
}

const COLUMNS = 24;

export const uidOf = (board: { readonly uid: string }, language: Language): string =>
  language === 'fr' ? board.uid : `${board.uid}-${language}`;

/** The dashboard as Grafana reads it. */
export function build(board: Board, language: Language): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(say(board.title, language))
    .uid(uidOf(board, language))
    .description(say(board.description, language))
    .tags(['sodav', `sodav-${language}`])
    .readonly()
    .timezone('Africa/Dakar')
    .time({ from: board.from, to: 'now' })
    .refresh('30s')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .link(
      new dashboard.DashboardLinkBuilder(say(p('Tableaux de bord SODAV', 'SODAV dashboards'), language))
        .type(dashboard.DashboardLinkType.Dashboards)
        .icon('external link')
        .tags([`sodav-${language}`])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(true),
    )
    .withVariable(
      new dashboard.DatasourceVariableBuilder('datasource')
        .label(say(p('Source', 'Source'), language))
        .type('prometheus'),
    );
  const variables: Variable[] = [
    { name: 'job', label: p('Job', 'Job'), query: `label_values(${M.buildInfo}, job)` },
    {
      name: 'instance',
      label: p('Instance', 'Instance'),
      query: `label_values(${M.buildInfo}{job=~"$job"}, instance)`,
    },
    ...(board.variables ?? []),
  ];
  for (const variable of variables) builder.withVariable(queryVariable(variable, language));
  for (const annotation of annotations(language)) builder.annotation(annotation);
  const built = builder.build();
  // What Grafana 12.0 knows; later ones bring it up to date themselves.
  built.schemaVersion = 41;
  // The SDK puts links into a menu that has to be opened; this one belongs in sight.
  for (const link of built.links ?? []) delete link.placement;
  built.panels = place(board.sections, language);
  return built;
}

function queryVariable({ name, label, query }: Variable, language: Language): dashboard.QueryVariableBuilder {
  return new dashboard.QueryVariableBuilder(name)
    .label(say(label, language))
    .datasource(DATASOURCE)
    .query({ query, refId: `variable-${name}` })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
}

function annotations(language: Language): dashboard.AnnotationQueryBuilder[] {
  const target = (expr: string) =>
    new prometheus.DataqueryBuilder().refId('Anno').datasource(DATASOURCE).expr(expr).range();
  return [
    new dashboard.AnnotationQueryBuilder()
      .name(say(p('Redémarrages', 'Restarts'), language))
      .datasource(DATASOURCE)
      .enable(true)
      .iconColor('purple')
      .expr(`${of(M.processStart)} * 1000`)
      .useValueForTime(true)
      .titleFormat(say(p('Démarrage du service', 'Service start'), language))
      .textFormat('{{instance}}')
      .step('60s')
      .target(target(`${of(M.processStart)} * 1000`)),
    new dashboard.AnnotationQueryBuilder()
      .name(say(p('Alertes', 'Alerts'), language))
      .datasource(DATASOURCE)
      .enable(true)
      .iconColor('orange')
      .expr('ALERTS{alertstate="firing", severity=~"critical|warning"}')
      .titleFormat('{{alertname}}')
      .textFormat('{{severity}} {{station}}{{api}}{{instance}}')
      .tagKeys('severity,component')
      .step('60s')
      .target(target('ALERTS{alertstate="firing", severity=~"critical|warning"}')),
  ];
}

/** Left to right, row by row; ids in reading order. */
function place(sections: readonly Section[], language: Language): (dashboard.Panel | dashboard.RowPanel)[] {
  const placed: (dashboard.Panel | dashboard.RowPanel)[] = [];
  let id = 1;
  let y = 0;
  for (const section of sections) {
    const row = new dashboard.RowBuilder(say(section.title, language))
      .id(id++)
      .gridPos({ x: 0, y, w: COLUMNS, h: 1 })
      .collapsed(section.collapsed ?? false)
      .build();
    row.panels = [];
    placed.push(row);
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const panel of section.panels) {
      if (x + panel.w > COLUMNS) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      const built = panel.build(language);
      built.id = id++;
      built.gridPos = { x, y, w: panel.w, h: panel.h };
      (section.collapsed ? row.panels : placed).push(built);
      x += panel.w;
      lineHeight = Math.max(lineHeight, panel.h);
    }
    y += lineHeight;
  }
  return placed;
}
