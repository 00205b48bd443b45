import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../paths';
import { ask } from './ask';
import { about, type Finding, some } from './finding';

export const JOB = 'sodav-monitor-backend';

const envelope = <T extends z.ZodType>(data: T) =>
  z.object({ status: z.literal('success'), data, warnings: z.array(z.string()).optional() });
const vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
  ),
});
const failure = z.object({ status: z.literal('error'), error: z.string() });
const targets = z.object({
  activeTargets: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      scrapeUrl: z.string(),
      health: z.string(),
      lastError: z.string(),
    }),
  ),
});
const rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
    }),
  ),
});
const alertmanagers = z.object({ activeAlertmanagers: z.array(z.object({ url: z.string() })) });

/** A query's answer: its series, Prometheus' warnings, or why there is no answer. */
export type QueryAnswer =
  | { readonly series: readonly Readonly<Record<string, string>>[]; readonly warnings: readonly string[] }
  | { readonly error: string };

export class Prometheus {
  constructor(readonly url: string) {}

  /** One of Prometheus' own answers, checked. */
  async get<T extends z.ZodType>(
    path: string,
    data: T,
  ): Promise<{ data: z.output<T>; warnings: string[] } | { error: string }> {
    const answer = await ask(`${this.url}${path}`);
    if (!answer.reached) return { error: answer.reason };
    let json: unknown;
    try {
      json = JSON.parse(answer.text);
    } catch {
      return { error: `réponse ${answer.status} qui n’est pas celle de Prometheus` };
    }
    const parsed = envelope(data).safeParse(json);
    if (parsed.success) {
      const { data: own, warnings } = parsed.data as { data: z.output<T>; warnings?: string[] };
      return { data: own, warnings: warnings ?? [] };
    }
    const failed = failure.safeParse(json);
    return {
      error: failed.success
        ? failed.data.error
        : `réponse ${answer.status} qui n’est pas celle de Prometheus`,
    };
  }

  async query(expr: string): Promise<QueryAnswer> {
    const answer = await this.get(`/api/v1/query?query=${encodeURIComponent(expr)}`, vector);
    if ('error' in answer) return answer;
    return { series: answer.data.result.map(({ metric }) => metric), warnings: answer.warnings };
  }
}

/** Prometheus: there, reading the service, with the rules of this folder, and with somebody to tell. */
export async function checkPrometheus(prometheus: Prometheus): Promise<Finding[]> {
  const { fault } = about('Prometheus');
  const found = await prometheus.get('/api/v1/targets?state=active', targets);
  if ('error' in found) {
    return [
      fault(
        `${prometheus.url} ne répond pas (${found.error}).`,
        '« docker compose up --detach prometheus », puis « docker logs sodav-prometheus ». Ailleurs : « npm run doctor -- --prometheus http://… ».',
      ),
    ];
  }
  return [
    ...checkTargets(found.data.activeTargets),
    ...(await checkRules(prometheus)),
    ...(await checkAlertmanager(prometheus)),
    ...(await checkStale(prometheus)),
    ...(await checkFiring(prometheus)),
  ];
}

function checkTargets(active: z.output<typeof targets>['activeTargets']): Finding[] {
  const { ok, fault, doubt } = about('Cibles');
  const ours = active.filter(({ labels }) => labels.job === JOB);
  const findings: Finding[] = [];
  if (ours.length === 0) {
    findings.push(
      fault(
        `Prometheus n’a aucune cible du job ${JOB}.`,
        'Comparer docker/prometheus/prometheus.yml à docs/monitoring.md, puis « docker kill --signal=HUP sodav-prometheus ».',
      ),
    );
  }
  for (const { scrapeUrl, health, lastError, labels } of active) {
    if (health === 'up') continue;
    const text = `${scrapeUrl} est « ${health} »${lastError === '' ? '' : ` : ${lastError}`}.`;
    if (health === 'unknown')
      findings.push(doubt(text, 'Prometheus vient de démarrer : recommencer dans 15 secondes.'));
    else if (labels.job === JOB) {
      findings.push(
        fault(
          text,
          'Vérifier que le service répond à cette adresse depuis le réseau de Prometheus ; un 401 veut dire que le jeton manque (authorization).',
        ),
      );
    } else findings.push(doubt(text, `Voir docs/runbooks/SodavTargetDown.md (job ${labels.job}).`));
  }
  const up = ours.filter(({ health }) => health === 'up').length;
  return up > 0 ? [ok(`${up} service(s) lu(s) par Prometheus.`), ...findings] : findings;
}

/** Names of the rules in this folder's files; their text is simple enough not to need a YAML reader. */
function rulesHere(): string[] {
  return ['recording.yml', 'alerts.yml'].flatMap((file) => {
    const text = readFileSync(join(projectRoot, 'docker/prometheus/rules', file), 'utf8');
    return [...text.matchAll(/^ +- (?:alert|record): (\S+)$/gm)].map(([, name]) => name!);
  });
}

async function checkRules(prometheus: Prometheus): Promise<Finding[]> {
  const { ok, fault } = about('Règles');
  const found = await prometheus.get('/api/v1/rules', rules);
  if ('error' in found)
    return [fault(`Règles illisibles (${found.error}).`, 'Voir « docker logs sodav-prometheus ».')];
  const loaded = found.data.groups.flatMap((group) => group.rules);
  const names = new Set(loaded.map(({ name }) => name));
  const expected = new Set(rulesHere());
  const missing = [...expected].filter((name) => !names.has(name));
  const findings: Finding[] = [];
  if (missing.length > 0) {
    findings.push(
      fault(
        `${missing.length} règle(s) de docker/prometheus/rules ne sont pas chargées : ${some(missing)}.`,
        '« promtool check config docker/prometheus/prometheus.yml », puis « docker kill --signal=HUP sodav-prometheus ».',
      ),
    );
  }
  for (const { name, lastError } of loaded.filter(({ health }) => health === 'err')) {
    findings.push(
      fault(
        `La règle ${name} échoue : ${lastError ?? 'sans message'}.`,
        'Voir docs/runbooks/SodavPrometheusRuleFailures.md.',
      ),
    );
  }
  return findings.length > 0 ? findings : [ok(`${expected.size} règles chargées.`)];
}

async function checkAlertmanager(prometheus: Prometheus): Promise<Finding[]> {
  const { ok, fault, doubt } = about('Alertmanager');
  const found = await prometheus.get('/api/v1/alertmanagers', alertmanagers);
  if ('error' in found)
    return [fault(`État inconnu (${found.error}).`, 'Voir « docker logs sodav-prometheus ».')];
  const urls = found.data.activeAlertmanagers.map(({ url }) => new URL(url).host);
  if (urls.length === 0) {
    return [
      fault(
        'Prometheus ne connaît aucun Alertmanager : personne ne sera prévenu.',
        'Remettre la partie « alerting » de docker/prometheus/prometheus.yml.',
      ),
    ];
  }
  const errors = await prometheus.query('sum(increase(prometheus_notifications_errors_total[10m])) > 0');
  if ('series' in errors && errors.series.length > 0) {
    return [
      doubt(
        `Prometheus n’arrive pas à remettre ses alertes à ${some(urls)}.`,
        'Voir docs/runbooks/SodavAlertmanagerUnreachable.md.',
      ),
    ];
  }
  return [ok(`Prometheus remet ses alertes à ${some(urls)}.`)];
}

/** Families that were there within the last hour and are not any more. */
async function checkStale(prometheus: Prometheus): Promise<Finding[]> {
  const { doubt } = about('Métriques');
  const selector = `{job="${JOB}", __name__=~"sodav_.+"}`;
  const [now, before] = await Promise.all([
    prometheus.query(`count by (__name__) (${selector})`),
    prometheus.query(`count by (__name__) (last_over_time(${selector}[1h]))`),
  ]);
  if ('error' in now || 'error' in before) return [];
  const present = new Set(now.series.map(({ __name__ }) => __name__));
  const gone = before.series.map(({ __name__ }) => __name__!).filter((name) => !present.has(name));
  if (gone.length === 0) return [];
  return [
    doubt(
      `Familles périmées, absentes depuis moins d’une heure : ${some(gone.sort())}.`,
      'Un collecteur échoue ou le service est arrêté : voir sodav_collector_success et le journal du service.',
    ),
  ];
}

async function checkFiring(prometheus: Prometheus): Promise<Finding[]> {
  const { ok, doubt } = about('Alertes');
  const firing = await prometheus.query(
    'count by (alertname) (ALERTS{alertstate="firing", severity=~"critical|warning"})',
  );
  if ('error' in firing) return [];
  const names = firing.series.map(({ alertname }) => alertname!);
  if (names.length === 0) return [ok('aucune ne sonne.')];
  return [
    doubt(
      `Sonnent : ${some(names)}.`,
      `Lire docs/runbooks/${names[0]}.md${names.length > 1 ? ' et les suivantes' : ''}.`,
    ),
  ];
}
