import { closed, metric } from './define';

const detection_method = closed('local', 'acoustid', 'audd');

export const detectionMetrics = {
  detections: metric({
    name: 'sodav_detections_total',
    otelName: 'sodav.detections',
    kind: 'counter',
    unit: '{detection}',
    help: {
      fr: 'Nombre total de détections musicales, par méthode et statut',
      en: 'Music detections, by method and status',
    },
    labels: {
      detection_method,
      status: closed(
        'success',
        'no_match',
        'low_confidence',
        'timeout',
        'rate_limited',
        'failure',
        'skipped',
      ),
    },
    source: 'code',
    fedBy: 'Chaque étape de la reconnaissance, une fois par tentative.',
    howToRead:
      'Part des tentatives réussies : success / total. Un no_match local est ordinaire (parole, publicité) ; failure et timeout sont à regarder.',
    stability: 'stable',
    documented: true,
  }),
  detectionDuration: metric({
    name: 'sodav_detection_duration_seconds',
    otelName: 'sodav.detection.duration',
    kind: 'histogram',
    unit: 's',
    help: {
      fr: "Temps d'une détection, en secondes de calcul ou d'attente",
      en: 'Time of one detection in seconds of computing or waiting',
    },
    labels: { detection_method },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    source: 'code',
    fedBy: 'Chaque étape de la reconnaissance, une fois par tentative.',
    howToRead:
      'Le local se compte en millisecondes par fenêtre ; acoustid et audd sont dominés par le réseau.',
    stability: 'stable',
    documented: true,
  }),
  detectionConfidence: metric({
    name: 'sodav_detection_confidence',
    otelName: 'sodav.detection.confidence',
    kind: 'histogram',
    unit: '1',
    help: {
      fr: 'Niveau de confiance des détections (0 à 1), quand la méthode en calcule un',
      en: 'Confidence of detections (0 to 1), where the method computes one',
    },
    labels: { detection_method },
    buckets: [0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1],
    source: 'code',
    fedBy:
      "Les détections réussies dont la source donne une confiance ; AudD n'en donne pas, sa série reste à zéro.",
    howToRead:
      'Une médiane qui baisse : flux de mauvaise qualité, ou bibliothèque qui ne correspond plus aux versions diffusées.',
    stability: 'stable',
    documented: true,
  }),
};
