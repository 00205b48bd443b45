/** The few parts of a dashboard's JSON that a reader of its queries needs. */
export interface DashboardFile {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly PanelFile[];
}

interface PanelFile {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly instant?: boolean }[];
  readonly panels?: readonly PanelFile[];
}

export interface PanelQuery {
  readonly panel: string;
  readonly refId: string;
  readonly expr: string;
}

/** Panels, those in closed rows included, rows themselves not. */
export function panelsOf(dashboard: DashboardFile): PanelFile[] {
  return dashboard.panels.flatMap((panel) => (panel.type === 'row' ? [...(panel.panels ?? [])] : [panel]));
}

export function queriesOf(dashboard: DashboardFile): PanelQuery[] {
  return panelsOf(dashboard).flatMap(({ title, targets }) =>
    (targets ?? []).map(({ refId, expr }) => ({ panel: title, refId, expr })),
  );
}

/** What Grafana puts in place of its variables with everything chosen: the query as Prometheus gets it. */
export function substitute(expr: string, rateInterval = '1m'): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replace(/\$(job|instance|station)\b/g, '.+');
}
