import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ruleGroups } from '../docker/prometheus/rules';
import { definitions } from '../otel/metrics/catalogue';
import type { Definition } from '../otel/metrics/catalogue/define';
import { projectRoot } from '../src/paths';
import { installed } from '../test/support/installed';
import { read } from '../test/support/promql';
import { COMPONENTS } from './boards/runbooks';
import { DASHBOARDS, render } from './dashboards';
import { uidOf } from './lib/board';
import { DATASOURCE } from './lib/panel';
import { LANGUAGES } from './lib/phrase';
import { type DashboardFile, panelsOf, queriesOf, substitute } from './lib/queries';

const boards = LANGUAGES.flatMap((language) =>
  DASHBOARDS.map((board) => ({
    name: `${language}/${board.file}.json`,
    text: render(board, language),
    json: JSON.parse(render(board, language)) as Dashboard & DashboardFile,
  })),
);
const french = boards.filter(({ name }) => name.startsWith('fr/'));
const queries = french.flatMap(({ json, name }) => queriesOf(json).map((query) => ({ ...query, name })));
const definitionOf = new Map<string, Definition>(definitions.map((one) => [one.name, one]));
const records = new Set(ruleGroups(projectRoot).flatMap(({ rules }) => rules.map(({ record }) => record)));

/** Series that others give: Prometheus itself, and Node Exporter. */
const FOREIGN = /^(up|ALERTS|scrape_samples_scraped|prometheus_\w+|node_\w+)$/;

/** The family that a series belongs to: a histogram has three. */
function family(series: string): Definition | undefined {
  const exact = definitionOf.get(series);
  if (exact !== undefined) return exact;
  const base = definitionOf.get(series.replace(/_(bucket|sum|count)$/, ''));
  return base?.kind === 'histogram' ? base : undefined;
}

describe('the committed files', () => {
  test.each(boards)('$name is what the builders give (npm run dashboards:build)', ({ name, text }) => {
    expect(readFileSync(join(projectRoot, 'dashboards', name), 'utf8') === text).toBe(true);
  });

  test('there are no others', () => {
    for (const language of LANGUAGES) {
      const files = readdirSync(join(projectRoot, 'dashboards', language)).sort();
      expect(files).toEqual(DASHBOARDS.map(({ file }) => `${file}.json`).sort());
    }
  });

  test('uids are unique and readable; the documented titles are as documented, in both languages', () => {
    const uids = boards.map(({ json }) => json.uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const uid of uids) expect(uid).toMatch(/^sodav-[a-z-]{1,35}$/);
    for (const language of LANGUAGES) {
      const titles = boards.filter(({ name }) => name.startsWith(language)).map(({ json }) => json.title);
      expect(titles).toEqual(expect.arrayContaining(['System Overview', 'Détection Musicale']));
    }
  });
});

describe.each(boards)('$name', ({ json }) => {
  const panels = panelsOf(json) as unknown as Panel[];
  const shown = panels.filter(({ type }) => type !== 'text');

  test('panel ids and, within a panel, refIds are unique', () => {
    const ids = [...(json.panels ?? []), ...panels].map(({ id }) => id);
    expect(ids.every((id) => typeof id === 'number' && id > 0)).toBe(true);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, targets } of shown) {
      const refIds = targets!.map((target) => (target as { refId?: string }).refId);
      expect(
        refIds.every((refId) => /^[A-Z]$/.test(refId ?? '')),
        title,
      ).toBe(true);
      expect(new Set(refIds).size, title).toBe(refIds.length);
    }
  });

  test('panels are inside the grid, and none covers another', () => {
    for (const group of [json.panels!, ...json.panels!.map((row) => ('panels' in row ? row.panels : []))]) {
      const cells = new Map<string, string>();
      for (const { title, gridPos } of group as { title?: string; gridPos: Required<Cell> }[]) {
        expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect(cells.get(`${x},${y}`), `${title} covers it`).toBeUndefined();
            cells.set(`${x},${y}`, title ?? '');
          }
        }
      }
    }
  });

  test('variables: the datasource first, then job and instance, all of them chosen', () => {
    const variables = json.templating!.list!;
    expect(variables.slice(0, 3).map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
    expect(variables[0]!.type).toBe('datasource');
    for (const variable of variables.slice(1)) {
      expect(variable).toMatchObject({ multi: true, includeAll: true, allValue: '.+', refresh: 2 });
    }
  });

  test('read-only, refreshed, with a shared crosshair and a dropdown that keeps time and variables', () => {
    expect(json).toMatchObject({
      editable: false,
      refresh: '30s',
      graphTooltip: 1,
      timezone: 'Africa/Dakar',
    });
    expect(json.links).toMatchObject([{ asDropdown: true, keepTime: true, includeVars: true }]);
    expect(json.tags).toEqual(expect.arrayContaining(json.links![0]!.tags));
    expect(json.annotations?.list?.length).toBe(2);
  });

  test('every panel has a title, a description, a unit, a text for nothing, and no datasource of its own', () => {
    for (const panel of panels) {
      expect(panel.title, `panel ${panel.id}`).toMatch(/\S/);
      expect(panel.description?.length ?? 0, panel.title).toBeGreaterThan(15);
    }
    for (const panel of shown) {
      const defaults = panel.fieldConfig!.defaults!;
      expect(defaults.unit, panel.title).toMatch(/\S/);
      expect(defaults.noValue, panel.title).toMatch(/\S/);
      const steps = defaults.thresholds!.steps;
      expect(steps[0]!.value, panel.title).toBeNull();
      expect(
        steps.some(({ value }) => value === 80),
        panel.title,
      ).toBe(false);
      for (const source of [
        panel.datasource,
        ...panel.targets!.map((t) => (t as { datasource?: unknown }).datasource),
      ]) {
        expect(source, panel.title).toEqual(DATASOURCE);
      }
    }
  });

  test('of the colours that fit a series, the one of its own name counts: it comes last', () => {
    for (const { title, fieldConfig } of shown) {
      const kinds = (fieldConfig!.overrides ?? []).map(({ matcher }) => matcher.id);
      expect(kinds.lastIndexOf('byRegexp'), title).toBeLessThan(
        kinds.includes('byName') ? kinds.indexOf('byName') : Number.POSITIVE_INFINITY,
      );
    }
  });

  test('bars are of a minute at least, so that no event is in several of them', () => {
    for (const { title, interval, fieldConfig } of shown) {
      const { drawStyle } = (fieldConfig!.defaults!.custom ?? {}) as { drawStyle?: string };
      expect(interval, title).toBe(drawStyle === 'bars' ? '1m' : undefined);
    }
  });

  test('titles are unique, so that a runbook can name them', () => {
    const titles = panels.map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });
});

interface Cell {
  x: number;
  y: number;
  w: number;
  h: number;
}

describe('the queries', () => {
  test.each(queries)('$name, $panel $refId: valid, of chosen services, counters as rates', ({ expr }) => {
    const { errors, selectors } = read(substitute(expr));
    expect(errors).toBe(0);
    for (const { metric, labels } of selectors) {
      // The machine, the alerts and Prometheus' own series are not the chosen services'.
      if (!FOREIGN.test(metric)) expect(labels).toContain('job');
      if (family(metric) !== undefined && !records.has(metric)) expect(labels, metric).toContain('instance');
    }
    for (const [, called, range] of expr.matchAll(/\b(rate|irate|increase|delta)\s*\([^[]*\[([^\]]+)\]/g)) {
      expect([called, range]).not.toContain('irate');
      expect(range).toBe('$__rate_interval');
    }
    // Counters and histograms only within rate or increase.
    const outside = expr
      .replace(/\b(rate|increase)\s*\([^[]*\[\$__rate_interval\]\)/g, '0')
      // How many series there are is no reading of the counter.
      .replace(/\bcount by \([^)]*\) \([^)]*\)/g, '0');
    for (const { metric } of read(substitute(outside)).selectors) {
      const kind = records.has(metric) ? 'gauge' : family(metric)?.kind;
      if (kind !== undefined) expect(kind, metric).toBe('gauge');
      expect(metric).not.toMatch(/_total$|_bucket$/);
    }
    // What several replicas report of one database is read once.
    expect(expr).not.toMatch(
      /sum[^(]*\((sodav_track_count|sodav_artist_count|sodav_active_stations|sodav_station)/,
    );
    expect(expr).not.toMatch(/avg[^(]*\(histogram_quantile/);
  });

  test('English and French boards ask the same', () => {
    for (const { json, name } of french) {
      const english = boards.find((one) => one.name === name.replace('fr/', 'en/'))!;
      const asked = (board: DashboardFile) => queriesOf(board).map(({ expr }) => expr);
      expect(asked(english.json)).toEqual(asked(json));
    }
  });

  test.skipIf(!installed('promtool'))('promtool takes every one as a rule', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sodav-queries-'));
    const rules = queries.map(({ expr }, index) => ({ record: `query:${index}`, expr: substitute(expr) }));
    writeFileSync(join(folder, 'rules.yml'), stringify({ groups: [{ name: 'queries', rules }] }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', join(folder, 'rules.yml')], {
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect(stdout + stderr).toContain(`${rules.length} rules found`);
    expect(status, stdout + stderr).toBe(0);
  });
});

describe('metrics, dashboards and rules name the same things', () => {
  const rules = ruleGroups(projectRoot).flatMap(({ rules }) => rules);
  const asked = [
    ...queries.map(({ expr, name, panel }) => ({ where: `${name}, ${panel}`, expr: substitute(expr) })),
    ...rules.map(({ alert, record, expr }) => ({ where: alert ?? record!, expr })),
  ];

  test('every metric and label that is asked for is in the catalogue, recorded, or not ours', () => {
    const added = ['job', 'instance', 'le', 'quantile'];
    for (const { where, expr } of asked) {
      const { errors, selectors, grouping } = read(expr);
      expect(errors, where).toBe(0);
      const known = new Set(added);
      for (const { metric, labels } of selectors) {
        if (FOREIGN.test(metric) || records.has(metric)) {
          for (const label of ['state', 'severity', 'alertname', 'component', 'station', 'api', 'mountpoint'])
            known.add(label);
          continue;
        }
        const definition = family(metric);
        expect(definition, `${where}: ${metric}`).toBeDefined();
        const own = [...Object.keys(definition!.labels), ...added];
        for (const label of labels) expect(own, `${where}: ${metric}`).toContain(label);
        for (const label of own) known.add(label);
      }
      for (const label of grouping) expect([...known], `${where}: by (${label})`).toContain(label);
    }
  });

  test('values that a closed label is compared with exist', () => {
    for (const { where, expr } of asked) {
      for (const [, metric, matchers] of expr.matchAll(/\b(sodav_\w+)\{([^}]*)\}/g)) {
        const labels = family(metric!)?.labels ?? {};
        for (const [, label, operator, value] of matchers!.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
          const values = labels[label!];
          if (values === undefined || !('values' in values) || value!.includes('.')) continue;
          for (const one of operator!.includes('~') ? value!.split('|') : [value!]) {
            expect(values.values, `${where}: ${metric}{${label}}`).toContain(one);
          }
        }
      }
    }
  });

  test('every metric of the catalogue is on a dashboard', () => {
    const shown = new Set(
      queries.flatMap(({ expr }) => read(substitute(expr)).selectors.map((s) => family(s.metric)?.name)),
    );
    expect(definitions.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  test('every recording rule is read by a dashboard or an alert', () => {
    const read_ = new Set(asked.flatMap(({ expr }) => read(expr).selectors.map(({ metric }) => metric)));
    expect([...records].filter((record) => record !== undefined && !read_.has(record))).toEqual([]);
  });
});

describe('links', () => {
  const uids = new Set(DASHBOARDS.map((board) => uidOf(board, 'fr')));

  test('the dashboard of every alert exists', () => {
    for (const { alert, annotations } of ruleGroups(projectRoot).flatMap(({ rules }) => rules)) {
      if (alert !== undefined) expect(uids, alert).toContain(annotations!.dashboard!.split('/').at(-1));
    }
  });

  test('every dashboard and panel that a runbook names exists', () => {
    const titles = new Set(DASHBOARDS.map(({ title }) => title.fr));
    const panels = new Set(french.flatMap(({ json }) => panelsOf(json).map(({ title }) => title)));
    const folder = join(projectRoot, 'docs/runbooks');
    for (const file of readdirSync(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      for (const [, uid] of text.matchAll(/localhost:3001\/d\/([\w-]+)/g)) expect(uids, file).toContain(uid);
      for (const [, board, rest] of text.matchAll(/Tableau « ([^»]+) »((?:(?:,| et) « [^»]+ »)*)/g)) {
        expect(titles, file).toContain(board);
        for (const [, panel] of rest!.matchAll(/« ([^»]+) »/g))
          expect([...panels], file).toContain(panel!.replaceAll("'", '’'));
      }
    }
  });

  test('every runbook that a dashboard names exists', () => {
    const runbooks = new Set(readdirSync(join(projectRoot, 'docs/runbooks')));
    for (const { json } of boards) {
      for (const { title, description } of panelsOf(json) as { title: string; description?: string }[]) {
        for (const [name] of (description ?? '').matchAll(/\bSodav[A-Z]\w+|\bHighRequestLatency\b/g)) {
          expect(runbooks, title).toContain(`${name}.md`);
        }
      }
    }
  });

  test('the first steps are given for exactly the parts that the alerts name', () => {
    const parts = ruleGroups(projectRoot).flatMap(({ rules }) =>
      rules.flatMap(({ labels, alert }) => (alert ? [labels!.component!] : [])),
    );
    expect([...COMPONENTS].sort()).toEqual([...new Set(parts)].sort());
  });
});
