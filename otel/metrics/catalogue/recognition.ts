import { closed, metric } from './define';

const gauge = {
  kind: 'gauge',
  labels: {},
  source: 'collector',
  fedBy: 'Le collecteur « recognition ».',
  stability: 'experimental',
  documented: false,
} as const;

export const recognitionMetrics = {
  recognitionBacklog: metric({
    ...gauge,
    name: 'sodav_recognition_backlog_seconds',
    otelName: 'sodav.recognition.backlog',
    unit: 's',
    help: {
      fr: 'Secondes de son reçues qui attendent la reconnaissance locale',
      en: 'Seconds of received audio that wait for local recognition',
    },
    howToRead: 'Quelques secondes sont normales ; une pente : la machine n’a pas assez de cœurs.',
  }),
  recognitionQueue: metric({
    ...gauge,
    name: 'sodav_recognition_queue_length',
    otelName: 'sodav.recognition.queue',
    unit: '{play}',
    help: {
      fr: 'Diffusions inconnues en attente d’un service externe, par service',
      en: 'Unknown plays that wait for an external service, by service',
    },
    labels: { stage: closed('acoustid', 'audd') },
    howToRead: 'Monte quand un service est lent, limité ou en panne ; rien n’est perdu.',
  }),
  indexTracks: metric({
    ...gauge,
    name: 'sodav_index_tracks',
    otelName: 'sodav.index.tracks',
    unit: '{track}',
    help: {
      fr: "Pistes dans l'index de reconnaissance locale",
      en: 'Tracks in the index of local recognition',
    },
    howToRead: 'Inférieur à sodav_track_count : des pistes sans empreinte (connues de nom seulement).',
  }),
  indexBytes: metric({
    ...gauge,
    name: 'sodav_index_bytes',
    otelName: 'sodav.index.size',
    unit: 'By',
    help: {
      fr: "Taille de l'index de reconnaissance locale en mémoire, en octets",
      en: 'Size in memory of the index of local recognition in bytes',
    },
    howToRead: 'Croît avec la bibliothèque ; compris dans sodav_memory_usage_bytes.',
  }),
  indexBuilt: metric({
    ...gauge,
    name: 'sodav_index_built_timestamp_seconds',
    otelName: 'sodav.index.built',
    unit: 's',
    help: {
      fr: "Moment de la dernière construction de l'index, en secondes depuis 1970",
      en: 'When the index was last built, seconds since 1970',
    },
    howToRead: 'time() - … : âge de l’index ; les ajouts depuis sont reconnus quand même.',
  }),
  auddBudget: metric({
    ...gauge,
    name: 'sodav_audd_budget_remaining',
    otelName: 'sodav.audd.budget_remaining',
    unit: '{request}',
    help: {
      fr: "Demandes à AudD encore permises aujourd'hui (UTC)",
      en: 'Requests to AudD still allowed today (UTC)',
    },
    howToRead: 'À zéro, AudD n’est plus interrogé avant minuit. Absente sans jeton AudD.',
  }),
};
