import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type DashboardFile, type PanelQuery, queriesOf, substitute } from '../../dashboards/lib/queries';
import { projectRoot } from '../paths';
import { ask } from './ask';
import { about, type Finding, some } from './finding';
import type { Prometheus } from './prometheus';

export const DATASOURCE_UID = 'sodav-prometheus';

const datasources = z.array(
  z.object({ uid: z.string(), type: z.string(), url: z.string(), isDefault: z.boolean().optional() }),
);
const hits = z.array(z.object({ uid: z.string().optional(), title: z.string() }));

function dashboardsHere(): DashboardFile[] {
  const folder = join(projectRoot, 'dashboards/fr');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as DashboardFile);
}

/** Grafana: there, with our datasource and our dashboards. */
export async function checkGrafana(
  grafana: string,
  login: { readonly user: string; readonly password: string },
): Promise<Finding[]> {
  const { ok, fault } = about('Grafana');
  const health = await ask(`${grafana}/api/health`);
  if (!health.reached || health.status !== 200) {
    const reason = health.reached ? `réponse ${health.status}` : health.reason;
    return [
      fault(
        `${grafana} ne répond pas (${reason}).`,
        '« docker compose up --detach grafana », puis « docker logs sodav-grafana ». Ailleurs : « npm run doctor -- --grafana http://… ».',
      ),
    ];
  }
  const authorization = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  const get = (path: string) => ask(`${grafana}${path}`, { headers: { authorization } });
  const sources = await get('/api/datasources');
  if (sources.reached && (sources.status === 401 || sources.status === 403)) {
    return [
      fault(
        'Grafana refuse le compte admin.',
        'Donner le fichier de son mot de passe : « npm run doctor -- --grafana-password-file docker/secrets/grafana_admin_password ».',
      ),
    ];
  }
  const list = read(sources, datasources);
  if (list === undefined)
    return [
      fault(
        'La liste des sources de Grafana est illisible.',
        'Vérifier que cette adresse est celle de Grafana.',
      ),
    ];
  const findings: Finding[] = [];
  const source = list.find(({ uid }) => uid === DATASOURCE_UID);
  if (source?.type === 'prometheus')
    findings.push(ok(`source de données ${DATASOURCE_UID} → ${source.url}.`));
  else {
    findings.push(
      fault(
        `La source de données ${DATASOURCE_UID} manque${list.length > 0 ? ` (il y a : ${some(list.map(({ uid }) => uid))})` : ''}.`,
        'Vérifier que docker/grafana/provisioning est monté, puis « docker compose restart grafana ».',
      ),
    );
  }
  const boards = read(await get('/api/search?type=dash-db&limit=1000'), hits) ?? [];
  const missing = dashboardsHere().filter(({ uid }) => !boards.some((board) => board.uid === uid));
  if (missing.length > 0) {
    findings.push(
      fault(
        `Tableaux de bord absents : ${some(missing.map(({ title }) => title))}.`,
        'Vérifier que dashboards/fr est monté dans /etc/sodav/dashboards, puis « docker logs sodav-grafana ».',
      ),
    );
  } else findings.push(ok(`${dashboardsHere().length} tableaux de bord en place.`));
  return findings;
}

function read<T extends z.ZodType>(
  answer: Awaited<ReturnType<typeof ask>>,
  schema: T,
): z.output<T> | undefined {
  if (!answer.reached || answer.status !== 200) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(answer.text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Every query of every dashboard, asked of Prometheus as Grafana would. */
export async function checkPanels(prometheus: Prometheus): Promise<Finding[]> {
  const { ok, fault, doubt } = about('Panneaux');
  const queries = dashboardsHere().flatMap((board) =>
    queriesOf(board).map((query) => ({ ...query, board: board.title })),
  );
  const empty: string[] = [];
  const wrong: string[] = [];
  const warned = new Set<string>();
  const waiting = [...queries];
  const name = ({ board, panel }: PanelQuery & { board: string }) => `${board} / ${panel}`;
  const work = async () => {
    for (let query = waiting.shift(); query !== undefined; query = waiting.shift()) {
      const answer = await prometheus.query(substitute(query.expr, '5m'));
      if ('error' in answer) wrong.push(`${name(query)} (${answer.error})`);
      else {
        if (answer.series.length === 0) empty.push(name(query));
        for (const warning of answer.warnings) warned.add(warning);
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, work));
  const findings: Finding[] = [];
  if (wrong.length > 0) {
    findings.push(
      fault(
        `Requêtes en échec : ${some(wrong, 3)}.`,
        'Essayer la requête sur la page « Graph » de Prometheus ; le message y est entier.',
      ),
    );
  }
  if (empty.length > 0) {
    findings.push(
      doubt(
        `Sans données : ${some([...new Set(empty)].sort())}.`,
        'Normal dans les premières minutes et pour une machine sans Node Exporter ou sans station ; sinon, voir « Métriques » et « Cibles » ci-dessus.',
      ),
    );
  }
  if (warned.size > 0)
    findings.push(
      doubt(
        `Prometheus avertit : ${some([...warned], 2)}.`,
        'Prévenir les développeurs : la requête est à corriger.',
      ),
    );
  return findings.length > 0
    ? findings
    : [ok(`les ${queries.length} requêtes des tableaux de bord donnent des données.`)];
}
