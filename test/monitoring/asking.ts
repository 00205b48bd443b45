import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DashboardFile, panelsOf, substitute } from '../../dashboards/lib/queries';
import { projectRoot } from '../../src/paths';

type Sample = readonly [number, string];

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Of a query for now. */
  readonly value?: Sample;
  /** Of a query over time. */
  readonly values?: readonly Sample[];
}

interface Answer {
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  readonly data?: { readonly result: readonly Series[] };
}

async function ask(url: string, path: string, parameters: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${url}${path}?${new URLSearchParams(parameters)}`);
  return (await response.json()) as Answer;
}

/** The value of an expression that gives one series, now or at a second; undefined where it gives none. */
export async function value(prometheus: string, expr: string, at?: number): Promise<number | undefined> {
  const time = at === undefined ? {} : { time: String(at) };
  const { data, error } = await ask(prometheus, '/api/v1/query', { query: expr, ...time });
  if (data === undefined) throw new Error(`${expr}: ${error}`);
  if (data.result.length > 1) throw new Error(`${expr}: ${data.result.length} series`);
  return data.result[0] === undefined ? undefined : Number(data.result[0].value![1]);
}

/** All series of an expression, now. */
export async function series(prometheus: string, expr: string): Promise<readonly Series[]> {
  const { data, error } = await ask(prometheus, '/api/v1/query', { query: expr });
  if (data === undefined) throw new Error(`${expr}: ${error}`);
  return data.result;
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly instant?: boolean;
}

/** A query of a panel, as Grafana sends it. */
export interface PanelQuery {
  /** `dashboard / panel`. */
  readonly panel: string;
  readonly refId: string;
  /** What a person reads where there is nothing; for figures also where there is only NaN. */
  readonly noValue: string;
  readonly nanText: string | undefined;
  readonly type: string;
  readonly expr: string;
  readonly instant: boolean;
}

interface Defaults {
  readonly noValue: string;
  readonly mappings?: readonly {
    readonly type: string;
    readonly options: { readonly match?: string; readonly result?: { readonly text: string } };
  }[];
}

/** Prometheus is read every second in these tests; a graph has a point every two. */
const STEP_S = 2;
const SCRAPE_S = 1;
/** Grafana's own sum for `$__rate_interval`. */
export const RATE_INTERVAL_S = Math.max(STEP_S + SCRAPE_S, 4 * SCRAPE_S);

export const dashboards = readdirSync(join(projectRoot, 'dashboards/fr'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(projectRoot, 'dashboards/fr', file), 'utf8')) as DashboardFile);

/** Every query of every panel of the French dashboards, with Grafana's variables put in: everything chosen. */
export const panelQueries: readonly PanelQuery[] = dashboards.flatMap((board) =>
  panelsOf(board).flatMap((panel) => {
    const { fieldConfig, targets } = panel as unknown as {
      fieldConfig?: { defaults: Defaults };
      targets?: readonly Target[];
    };
    const defaults = fieldConfig?.defaults;
    const onNan = defaults?.mappings?.find(({ options }) => options.match === 'null+nan');
    return (targets ?? []).map(({ refId, expr, instant }) => ({
      panel: `${board.title} / ${panel.title}`,
      refId,
      noValue: defaults!.noValue,
      nanText: onNan?.options.result?.text,
      type: panel.type,
      expr: substitute(expr, `${RATE_INTERVAL_S}s`).replaceAll('$__interval', `${STEP_S}s`),
      instant: instant ?? false,
    }));
  }),
);

/** Asks as Grafana does: tables and figures now, graphs over the last `seconds`. */
export function askAsGrafana(prometheus: string, query: PanelQuery, seconds = 20): Promise<Answer> {
  if (query.instant) return ask(prometheus, '/api/v1/query', { query: query.expr });
  const end = Math.floor(Date.now() / 1_000 / STEP_S) * STEP_S;
  return ask(prometheus, '/api/v1/query_range', {
    query: query.expr,
    start: String(end - seconds),
    end: String(end),
    step: String(STEP_S),
  });
}

/** Queries by what came of them: failed or with a warning; without a series; with nothing but NaN. */
export async function askAll(prometheus: string, queries = panelQueries) {
  const wrong: string[] = [];
  const empty: PanelQuery[] = [];
  const nan: PanelQuery[] = [];
  const waiting = [...queries];
  const work = async () => {
    for (let query = waiting.shift(); query !== undefined; query = waiting.shift()) {
      const { data, error, warnings = [], infos = [] } = await askAsGrafana(prometheus, query);
      const complaints = [...(error === undefined ? [] : [error]), ...warnings, ...infos];
      if (complaints.length > 0) wrong.push(`${query.panel} ${query.refId}: ${complaints.join('; ')}`);
      else if (data!.result.length === 0) empty.push(query);
      else if (data!.result.every(isNothing)) nan.push(query);
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  return { wrong, empty, nan };
}

const isNothing = ({ value: now, values = [] }: Series) =>
  [...(now === undefined ? [] : [now]), ...values].every(([, text]) => text === 'NaN');

/** What Grafana offers in a dropdown: the values of a label, for `label_values(selector, label)`. */
export async function labelValues(prometheus: string, query: string): Promise<readonly string[]> {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(query)!;
  const parameters = new URLSearchParams({ 'match[]': substitute(selector!) });
  const response = await fetch(`${prometheus}/api/v1/label/${label}/values?${parameters}`);
  return ((await response.json()) as { data: string[] }).data;
}

/** The series of an expression over the last `seconds`, a value each second. */
export async function history(
  prometheus: string,
  expr: string,
  seconds: number,
): Promise<readonly Required<Series>[]> {
  const end = Math.floor(Date.now() / 1_000);
  const range = { query: expr, start: String(end - seconds), end: String(end), step: '1' };
  const { data, error } = await ask(prometheus, '/api/v1/query_range', range);
  if (data === undefined) throw new Error(`${expr}: ${error}`);
  return data.result as readonly Required<Series>[];
}
