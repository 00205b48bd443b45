import type { Board } from '../lib/board';
import { figure, grid, note, tally } from '../lib/figures';
import { lines, timeline } from '../lib/graphs';
import { COLOURS, moreIsBetter, moreIsWorse, words } from '../lib/panel';
import { p } from '../lib/phrase';
import { increase, max, recorded } from '../lib/promql';
import { METRICS as M } from '../metrics';
import { RUNBOOKS } from './runbooks';
import { works } from './states';

const NO_TRAFFIC = p('Aucune requête', 'No request');
/** The windows of the burn rate: the shorter the lighter, none in the colour of a limit. */
const WINDOWS = {
  '5m': 'super-light-blue',
  '30m': 'light-blue',
  '1h': 'blue',
  '2h': 'dark-blue',
  '6h': 'super-light-purple',
  '1d': 'purple',
  '3d': 'dark-purple',
} as const;
const BUDGET = '0.005';
const burn = (window: string) => `max(${recorded(`job:sodav_http_errors:ratio_rate${window}`)}) / ${BUDGET}`;

const SEVERITIES = [
  { severity: 'critical', text: p('critique', 'critical'), colour: COLOURS.bad },
  { severity: 'warning', text: p('avertissement', 'warning'), colour: COLOURS.doubtful },
  { severity: 'info', text: p('information', 'info'), colour: 'light-blue' },
  { severity: 'none', text: p('signe de vie', 'sign of life'), colour: COLOURS.idle },
] as const;
const SEVERITY_COLOURS = Object.fromEntries(SEVERITIES.map(({ severity, colour }) => [severity, colour]));
const SEVERITY_NAMES = Object.fromEntries(SEVERITIES.map(({ severity, text }) => [severity, text]));

/** Firing alerts with the rank of their severity as value, the gravest first. */
const firingByRank = SEVERITIES.map(
  ({ severity }, index) =>
    `${index + 1} * max by (alertname, component, station, api, instance) (ALERTS{alertstate="firing", severity="${severity}"})`,
).join(' or ');
const ranks = words(
  Object.fromEntries(SEVERITIES.map(({ text, colour }, index) => [index + 1, { text, colour }])),
);

export const alertsAndSlo: Board = {
  uid: 'sodav-alertes-slo',
  file: 'alertes-slo',
  title: p('Alertes & SLO', 'Alerts & SLO'),
  description: p(
    'Ce qui sonne, ce qu’il faut faire, et ce qui reste du budget d’erreurs (99,5 % de réussites sur 30 jours).',
    'What fires, what to do, and what is left of the error budget (99.5 % success over 30 days).',
  ),
  from: 'now-24h',
  sections: [
    {
      title: p('En bref', 'In short'),
      panels: [
        tally({
          title: p('Critiques', 'Critical'),
          description: p('Quelqu’un doit agir maintenant.', 'Somebody must act now.'),
          noValue: p('Aucune', 'None'),
          w: 4,
          expr: 'count(ALERTS{alertstate="firing", severity="critical"}) or vector(0)',
          steps: moreIsWorse({ bad: 1 }),
        }),
        tally({
          title: p('Avertissements', 'Warnings'),
          description: p('À regarder dans la journée.', 'To look at during the day.'),
          noValue: p('Aucun', 'None'),
          w: 4,
          expr: 'count(ALERTS{alertstate="firing", severity="warning"}) or vector(0)',
          steps: moreIsWorse({ doubtful: 1 }),
        }),
        figure({
          title: p('Chaîne des alertes', 'Alert chain'),
          description: p(
            'Watchdog sonne-t-elle, et Prometheus connaît-il un Alertmanager ? « Coupée » : personne n’est prévenu.',
            'Does Watchdog fire, and does Prometheus know an Alertmanager? “Broken”: nobody is told.',
          ),
          unit: 'none',
          noValue: p('Coupée', 'Broken'),
          w: 4,
          queries: [
            {
              expr: '(max(prometheus_notifications_alertmanagers_discovered) > bool 0) * on () max(ALERTS{alertname="Watchdog", alertstate="firing"})',
            },
          ],
          mappings: words({
            1: { text: p('Intacte', 'Working'), colour: COLOURS.good },
            0: { text: p('Coupée', 'Broken'), colour: COLOURS.bad },
          }),
        }),
        figure({
          title: p('Réussite sur 30 jours', 'Success over 30 days'),
          description: p(
            'Objectif : 99,5 %. En dessous : pas de mise à jour risquée avant d’avoir réparé.',
            'Objective: 99.5 %. Below: no risky release before it is mended.',
          ),
          unit: 'percentunit',
          noValue: NO_TRAFFIC,
          w: 4,
          max: 1,
          decimals: 2,
          queries: [{ expr: `1 - max(${recorded('job:sodav_http_errors:ratio_rate30d')})` }],
          steps: moreIsBetter({ good: 0.995 }),
        }),
        figure({
          title: p('Budget d’erreurs restant', 'Error budget left'),
          description: p(
            'Part du budget de 30 jours qui reste. Négatif : l’objectif est manqué.',
            'Share of the 30-day budget that is left. Negative: the objective is missed.',
          ),
          unit: 'percentunit',
          noValue: NO_TRAFFIC,
          w: 4,
          max: 1,
          decimals: 1,
          queries: [{ expr: `1 - max(${recorded('job:sodav_http_errors:ratio_rate30d')}) / ${BUDGET}` }],
          steps: moreIsBetter({ doubtful: 0.1, good: 0.5 }),
        }),
        figure({
          title: p('Vitesse de dépense (1 h)', 'Burn rate (1 h)'),
          description: p(
            '1 : le budget dure exactement 30 jours. 14,4 : deux jours, alerte critique.',
            '1: the budget lasts exactly 30 days. 14.4: two days, critical alert.',
          ),
          unit: 'none',
          noValue: NO_TRAFFIC,
          w: 4,
          min: 0,
          decimals: 1,
          queries: [{ expr: burn('1h') }],
          steps: moreIsWorse({ doubtful: 1, bad: 6 }),
        }),
      ],
    },
    {
      title: p('Alertes', 'Alerts'),
      panels: [
        grid({
          title: p('Alertes qui sonnent', 'Firing alerts'),
          description: p(
            'La fiche de chacune est docs/runbooks/<alerte>.md. Watchdog sonne toujours, exprès : c’est le signe de vie de la chaîne.',
            'The runbook of each is docs/runbooks/<alert>.md. Watchdog always fires, on purpose: it is the chain’s sign of life.',
          ),
          unit: 'none',
          noValue: p('Aucune', 'None'),
          w: 14,
          h: 10,
          sortBy: 'Value',
          queries: [{ expr: firingByRank }],
          columns: [
            {
              field: 'Value',
              title: p('Gravité', 'Severity'),
              width: 130,
              cell: 'background',
              mappings: ranks,
            },
            {
              field: 'alertname',
              title: p('Alerte', 'Alert'),
              link: {
                title: p('Voir dans Prometheus', 'See in Prometheus'),
                url: 'http://localhost:9090/alerts',
              },
            },
            { field: 'component', title: p('Partie', 'Part'), width: 110 },
            { field: 'station', title: p('Station', 'Station') },
            { field: 'api', title: p('API', 'API'), width: 90 },
            { field: 'instance', title: p('Instance', 'Instance') },
          ],
        }),
        lines({
          title: p('Alertes dans le temps', 'Alerts over time'),
          description: p(
            'Combien sonnaient, par gravité. Des dents de scie : un seuil mal choisi ou une station instable.',
            'How many fired, by severity. A saw: a bad threshold or an unstable station.',
          ),
          unit: 'none',
          noValue: p('Aucune', 'None'),
          w: 10,
          h: 10,
          min: 0,
          decimals: 0,
          style: 'stack',
          queries: [
            {
              expr: 'count by (severity) (ALERTS{alertstate="firing", severity!="none"}) or label_replace(vector(0), "severity", "warning", "", "")',
              legend: '{{severity}}',
            },
          ],
          colours: SEVERITY_COLOURS,
          names: SEVERITY_NAMES,
        }),
      ],
    },
    {
      title: p('Budget d’erreurs HTTP', 'HTTP error budget'),
      panels: [
        lines({
          title: p('Vitesse de dépense du budget', 'Burn rates'),
          description: p(
            'Sur plusieurs durées. Une alerte demande que la courte et la longue dépassent ensemble leur seuil : 14,4 (5 m et 1 h), 6 (30 m et 6 h), 3 (2 h et 1 j), 1 (6 h et 3 j).',
            'Over several windows. An alert needs the short and the long one above their limit: 14.4 (5m and 1h), 6 (30m and 6h), 3 (2h and 1d), 1 (6h and 3d).',
          ),
          unit: 'none',
          noValue: NO_TRAFFIC,
          w: 24,
          h: 9,
          min: 0,
          legend: 'table',
          limits: true,
          steps: [
            { colour: 'transparent' },
            { from: 1, colour: COLOURS.doubtful },
            { from: 6, colour: COLOURS.bad },
          ],
          queries: Object.keys(WINDOWS).map((window) => ({ expr: burn(window), legend: window })),
          colours: WINDOWS,
        }),
      ],
    },
    {
      title: p('Que faire', 'What to do'),
      panels: [
        note({
          title: p('Fiches des alertes', 'Runbooks'),
          description: p(
            'Une fiche par alerte, dans docs/runbooks/ du dépôt.',
            'One runbook per alert, in docs/runbooks/ of the repository.',
          ),
          w: 14,
          h: 12,
          content: RUNBOOKS,
        }),
        lines({
          title: p('Notifications reçues par le service', 'Notifications taken by the service'),
          description: p(
            'Ce qu’Alertmanager a remis. Rien alors que des alertes sonnent : la route est coupée.',
            'What Alertmanager delivered. Nothing while alerts fire: the route is broken.',
          ),
          unit: 'short',
          noValue: p('Aucune', 'None'),
          w: 10,
          h: 12,
          min: 0,
          style: 'bars',
          queries: [{ expr: increase(M.alertNotifications, ['status']), legend: '{{status}}' }],
          colours: { firing: COLOURS.doubtful, resolved: COLOURS.good },
          names: { firing: p('sonne', 'firing'), resolved: p('terminée', 'resolved') },
        }),
      ],
    },
    {
      title: p('Surveillance de la surveillance', 'Watching the watchers'),
      collapsed: true,
      panels: [
        timeline({
          title: p('Cibles', 'Targets'),
          description: p(
            'Prometheus les joint-il ? Perdue : voir http://localhost:9090/targets.',
            'Does Prometheus reach them? Lost: see http://localhost:9090/targets.',
          ),
          unit: 'none',
          noValue: p('Aucune cible', 'No target'),
          w: 8,
          mappings: works(p('jointe', 'reached'), p('perdue', 'lost')),
          queries: [{ expr: 'min by (job) (up)', legend: '{{job}}' }],
        }),
        lines({
          title: p('Règles en échec', 'Failing rules'),
          description: p(
            'Au-dessus de zéro : des alertes peuvent manquer. Voir http://localhost:9090/rules.',
            'Above zero: alerts may be missing. See http://localhost:9090/rules.',
          ),
          unit: 'short',
          noValue: p('Aucune', 'None'),
          w: 8,
          min: 0,
          queries: [
            {
              expr: 'sum by (instance) (rate(prometheus_rule_evaluation_failures_total[$__rate_interval]))',
              legend: p('échecs {{instance}}', 'failures {{instance}}'),
            },
          ],
        }),
        lines({
          title: p('Octets du journal des diffusions', 'Bytes of the play journal'),
          description: p(
            'Plus de 400 Mo : alerte SodavJournalAlmostFull.',
            'More than 400 MB: alert SodavJournalAlmostFull.',
          ),
          unit: 'bytes',
          noValue: p('Vide', 'Empty'),
          w: 8,
          min: 0,
          queries: [{ expr: max(M.journalBytes, ['instance']), legend: '{{instance}}' }],
        }),
      ],
    },
  ],
};
