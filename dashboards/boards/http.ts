import type { Section } from '../lib/board';
import { lines, spread } from '../lib/graphs';
import { COLOURS } from '../lib/panel';
import { p } from '../lib/phrase';
import { quantile, rate } from '../lib/promql';
import { METRICS as M } from '../metrics';

export const NONE_YET = p('Aucune requête', 'No request');

/** Rate, errors and duration of the HTTP requests, by endpoint. */
export const http: Section = {
  title: p('Requêtes HTTP', 'HTTP requests'),
  panels: [
    lines({
      title: p('Nombre de requêtes HTTP', 'HTTP requests'),
      description: p(
        'Par seconde et par code. Des 5xx sont notre faute ; des 401 en nombre, un jeton oublié ou essayé.',
        'Per second and status. 5xx are our fault; many 401, a token that is missing or guessed.',
      ),
      unit: 'reqps',
      noValue: NONE_YET,
      w: 12,
      min: 0,
      style: 'stack',
      queries: [{ expr: rate(M.httpRequests, ['status']), legend: '{{status}}' }],
      // Blue: answered; yellow to orange: the caller's fault; red: ours.
      colours: {
        '/^2/': 'light-blue',
        200: 'blue',
        '/^3/': COLOURS.idle,
        '/^4/': 'yellow',
        400: 'dark-yellow',
        401: 'orange',
        403: 'dark-orange',
        '/^5/': 'red',
        503: 'dark-red',
      },
    }),
    lines({
      title: p('Latence des requêtes HTTP', 'HTTP latency'),
      description: p(
        'Médiane, 95 % et 99 %. Si p99 monte seule, une route est lente ; si tout monte, la machine ou la base.',
        'Median, 95 % and 99 %. If only p99 rises, one route is slow; if all do, the machine or the database.',
      ),
      unit: 's',
      noValue: NONE_YET,
      w: 12,
      min: 0,
      queries: [
        { expr: quantile(0.5, M.httpDuration), legend: 'p50' },
        { expr: quantile(0.95, M.httpDuration), legend: 'p95' },
        { expr: quantile(0.99, M.httpDuration), legend: 'p99' },
      ],
      colours: { p50: 'light-blue', p95: 'blue', p99: 'purple' },
    }),
    lines({
      title: p('Requêtes par endpoint', 'Requests by endpoint'),
      description: p('Les dix routes les plus demandées.', 'The ten most asked routes.'),
      unit: 'reqps',
      noValue: NONE_YET,
      w: 12,
      min: 0,
      legend: 'table',
      queries: [
        {
          expr: `topk(10, ${rate(M.httpRequests, ['method', 'endpoint'])} > 0) or on () label_replace(vector(0), "endpoint", "—", "", "")`,
          legend: '{{method}} {{endpoint}}',
        },
      ],
    }),
    lines({
      title: p('Latence p95 par endpoint', 'Latency p95 by endpoint'),
      description: p(
        'Les dix routes les plus lentes. Une seule en hauteur : voir ses requêtes à la base.',
        'The ten slowest routes. A single high one: look at its database queries.',
      ),
      unit: 's',
      noValue: NONE_YET,
      w: 12,
      min: 0,
      legend: 'table',
      queries: [
        {
          expr: `topk(10, ${quantile(0.95, M.httpDuration, ['method', 'endpoint'])} >= 0) or on () label_replace(vector(NaN), "endpoint", "—", "", "")`,
          legend: '{{method}} {{endpoint}}',
        },
      ],
    }),
    spread({
      title: p('Répartition de la latence', 'Latency spread'),
      description: p(
        'Où tombent les requêtes. Une bande qui monte ou une deuxième bande : une part des requêtes ralentit.',
        'Where requests fall. A band that rises, or a second one: some of the requests got slower.',
      ),
      unit: 's',
      noValue: NONE_YET,
      w: 12,
      buckets: rate(`${M.httpDuration}_bucket`, ['le']),
    }),
    lines({
      title: p('Erreurs par endpoint', 'Errors by endpoint'),
      description: p(
        'Réponses 5xx par seconde. Zéro est la seule bonne valeur ; le journal du service dit la cause.',
        '5xx answers per second. Zero is the only good value; the service’s log gives the cause.',
      ),
      unit: 'reqps',
      noValue: p('Aucune erreur', 'No error'),
      w: 12,
      min: 0,
      legend: 'table',
      queries: [
        {
          expr: `topk(10, ${rate(M.httpRequests, ['endpoint'], 'status=~"5.."')} > 0) or on () label_replace(vector(0), "endpoint", "—", "", "")`,
          legend: '{{endpoint}}',
        },
      ],
      colours: { '/^—/': COLOURS.idle },
    }),
  ],
};
