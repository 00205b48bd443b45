import { closed, metric } from './define';

const api = closed('acoustid', 'audd');
const endpoint = closed('lookup', 'recognize');

const STATUSES = [
  'success',
  'no_match',
  'timeout',
  'rate_limited',
  'client_error',
  'server_error',
  'invalid_answer',
  'unreachable',
  'quota',
  'unauthorized',
] as const;

/** The one endpoint that we call of each service. */
const CALLS = [
  { api: 'acoustid', endpoint: 'lookup' },
  { api: 'audd', endpoint: 'recognize' },
] as const;

export const externalApiMetrics = {
  externalApiRequests: metric({
    name: 'sodav_external_api_requests_total',
    otelName: 'sodav.external_api.requests',
    kind: 'counter',
    unit: '{request}',
    help: {
      fr: 'Nombre total de requêtes aux API externes',
      en: 'Requests to external APIs',
    },
    labels: { api, endpoint, status: closed(...STATUSES) },
    source: 'code',
    initial: CALLS.flatMap((call) => STATUSES.map((status) => ({ ...call, status }))),
    fedBy: 'Les clients AcoustID et AudD, une fois par requête envoyée.',
    howToRead:
      'quota et unauthorized demandent une personne (clé, abonnement) ; timeout et server_error passent souvent seuls.',
    stability: 'stable',
    documented: true,
  }),
  externalApiDuration: metric({
    name: 'sodav_external_api_duration_seconds',
    otelName: 'sodav.external_api.duration',
    kind: 'histogram',
    unit: 's',
    help: {
      fr: 'Temps de réponse des API externes, en secondes',
      en: 'Response time of external APIs in seconds',
    },
    labels: { api, endpoint },
    buckets: [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 30],
    source: 'code',
    initial: CALLS,
    fedBy: "Les clients AcoustID et AudD, de l'envoi à la réponse lue, échecs compris.",
    howToRead: 'Un p95 proche du délai maximal annonce des timeout.',
    stability: 'stable',
    documented: true,
  }),
};
