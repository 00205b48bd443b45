import type { Section } from '../lib/board';
import { lines } from '../lib/graphs';
import { COLOURS } from '../lib/panel';
import { p } from '../lib/phrase';
import { increase, max, quantile, rate, share } from '../lib/promql';
import { METRICS as M } from '../metrics';
import { METHODS } from './states';

const NO_CALL = p('Aucun appel', 'No call');
const NO_QUERY = p('Aucune requête', 'No query');

/** AcoustID and AudD. */
export const externalApis: Section = {
  title: p('API externes', 'External APIs'),
  panels: [
    lines({
      title: p('Temps de réponse des API externes', 'External API response time'),
      description: p(
        'p50 et p95. Au-dessus de 5 s : les passages inconnus attendent.',
        'p50 and p95. Above 5 s: the unknown passages wait.',
      ),
      unit: 's',
      noValue: NO_CALL,
      w: 8,
      min: 0,
      queries: [
        { expr: quantile(0.5, M.externalApiDuration, ['api']), legend: '{{api}} p50' },
        { expr: quantile(0.95, M.externalApiDuration, ['api']), legend: '{{api}} p95' },
      ],
    }),
    lines({
      title: p('Nombre de requêtes aux API externes', 'External API requests'),
      description: p(
        'Par service et par issue. « unauthorized » : clé refusée. « quota », « rate_limited » : trop de demandes.',
        'By service and outcome. “unauthorized”: key refused. “quota”, “rate_limited”: too many.',
      ),
      unit: 'short',
      noValue: NO_CALL,
      w: 8,
      min: 0,
      style: 'bars',
      queries: [
        {
          expr: `${increase(M.externalApiRequests, ['api', 'status'])} > 0 or on () label_replace(vector(0), "api", "—", "", "")`,
          legend: '{{api}} {{status}}',
        },
      ],
      colours: { '/^—/': COLOURS.idle },
    }),
    lines({
      title: p('Part des appels en échec', 'Share of failed calls'),
      description: p(
        'Ni réussite ni « pas trouvé ». Plus de 20 % pendant 10 minutes : alerte SodavExternalApiErrors.',
        'Neither success nor “no match”. More than 20 % for 10 minutes: alert SodavExternalApiErrors.',
      ),
      unit: 'percentunit',
      noValue: NO_CALL,
      w: 8,
      min: 0,
      max: 1,
      queries: [
        {
          expr: share(
            rate(M.externalApiRequests, ['api'], 'status!~"success|no_match"'),
            rate(M.externalApiRequests, ['api']),
          ),
          legend: '{{api}}',
        },
      ],
      colours: METHODS,
    }),
  ],
};

/** PostgreSQL, and what waits for it. */
export const database: Section = {
  title: p('Base de données', 'Database'),
  panels: [
    lines({
      title: p('Temps d’exécution des requêtes de base de données', 'Database query time'),
      description: p(
        'p95 par opération. Plus d’une demi-seconde pendant 10 minutes : alerte SodavDatabaseSlow.',
        'p95 by operation. More than half a second for 10 minutes: alert SodavDatabaseSlow.',
      ),
      unit: 's',
      noValue: NO_QUERY,
      w: 12,
      min: 0,
      queries: [{ expr: quantile(0.95, M.dbQueryDuration, ['operation']), legend: '{{operation}}' }],
    }),
    lines({
      title: p('Requêtes les plus lentes, par table', 'Slowest queries, by table'),
      description: p(
        'Les dix couples opération et table au p95 le plus haut.',
        'The ten pairs of operation and table with the highest p95.',
      ),
      unit: 's',
      noValue: NO_QUERY,
      w: 12,
      min: 0,
      legend: 'table',
      queries: [
        {
          expr: `topk(10, ${quantile(0.95, M.dbQueryDuration, ['operation', 'table'])} >= 0)`,
          legend: '{{operation}} {{table}}',
        },
      ],
    }),
    lines({
      title: p('Requêtes à la base par seconde', 'Database queries per second'),
      description: p(
        'Par opération. Un saut sans plus de stations ni de visiteurs : une boucle.',
        'By operation. A jump without more stations or visitors: a loop.',
      ),
      unit: 'ops',
      noValue: NO_QUERY,
      w: 12,
      min: 0,
      style: 'stack',
      queries: [{ expr: rate(`${M.dbQueryDuration}_count`, ['operation']), legend: '{{operation}}' }],
    }),
    lines({
      title: p('Journal des diffusions', 'Play journal'),
      description: p(
        'Diffusions sur disque que la base n’a pas encore prises. Au-dessus de zéro plus de 10 minutes : voir SodavJournalGrowing.',
        'Plays on disk that the database has not taken yet. Above zero for 10 minutes: see SodavJournalGrowing.',
      ),
      unit: 'short',
      noValue: p('Vide', 'Empty'),
      w: 12,
      min: 0,
      queries: [
        {
          expr: max(M.journalEntries, ['instance']),
          legend: p('en attente {{instance}}', 'waiting {{instance}}'),
        },
      ],
    }),
  ],
};
