import { bounded, closed, LATENCY_BUCKETS, metric } from './define';

/** Methods that HTTP knows; every other one is `OTHER`. */
export const HTTP_METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'OTHER',
] as const;

/** The endpoint of every request that no route matched (404, 405, OPTIONS): never the raw path. */
export const UNMATCHED = 'unmatched';

/** The status of a request whose client went away before the answer was written; the number is nginx's. */
export const CLIENT_CLOSED = '499';

const endpoint = bounded(
  `Les modèles de route du service (« /api/tracks/:id »), et « ${UNMATCHED} » quand aucune route ne correspond ; jamais le chemin demandé.`,
);

export const httpMetrics = {
  httpRequests: metric({
    name: 'sodav_http_requests_total',
    otelName: 'http.server.request.duration',
    kind: 'counter',
    unit: '{request}',
    help: {
      fr: 'Nombre total de requêtes HTTP, par méthode, endpoint et code de statut',
      en: 'HTTP requests, by method, endpoint and status code',
    },
    labels: {
      method: closed(...HTTP_METHODS),
      endpoint,
      status: bounded(
        `Codes de statut HTTP (100 à 599) ; ${CLIENT_CLOSED} : le client est parti avant la réponse.`,
      ),
    },
    source: 'derived',
    initial: [{ method: 'GET', endpoint: UNMATCHED, status: '404' }],
    fedBy:
      "L'instrumentation HTTP d'OpenTelemetry, une fois par requête terminée ; /api/metrics et /health/* ne sont pas comptés.",
    howToRead:
      'sum by (endpoint) (rate(sodav_http_requests_total[5m])) : requêtes par seconde ; status=~"5.." : les erreurs qui sont les nôtres.',
    stability: 'stable',
    documented: true,
  }),
  httpDuration: metric({
    name: 'sodav_http_request_duration_seconds',
    otelName: 'http.server.request.duration',
    kind: 'histogram',
    unit: 's',
    help: {
      fr: 'Latence des requêtes HTTP, en secondes',
      en: 'HTTP request latency in seconds',
    },
    labels: { method: closed(...HTTP_METHODS), endpoint },
    buckets: LATENCY_BUCKETS,
    source: 'sdk',
    initial: [{ method: 'GET', endpoint: UNMATCHED }],
    fedBy: "L'instrumentation HTTP d'OpenTelemetry, de l'arrivée de la requête à la fin de la réponse.",
    howToRead:
      'histogram_quantile(0.95, sum by (le, endpoint) (rate(sodav_http_request_duration_seconds_bucket[5m]))) : 95 % des requêtes sont plus rapides.',
    stability: 'stable',
    documented: true,
  }),
};
