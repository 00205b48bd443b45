import { closed, metric } from './define';

export const playMetrics = {
  plays: metric({
    name: 'sodav_plays_total',
    otelName: 'sodav.plays',
    kind: 'counter',
    unit: '{play}',
    help: {
      fr: 'Diffusions relevées, à leur fin, par genre et statut',
      en: 'Plays logged, at their end, by kind and status',
    },
    labels: { kind: closed('track', 'unknown', 'jingle'), status: closed('complete', 'cut', 'withdrawn') },
    source: 'code',
    fedBy:
      'Le relevé des diffusions, une fois par diffusion terminée ; encore une fois si elle est retirée après coup.',
    howToRead:
      'withdrawn : dite pendant qu’elle passait, et retirée : à la fin, le système la croyait à moins de 20 % (un son que deux enregistrements ont en commun), ou un titre reconnu l’a couverte. Pour suivre l’activité seulement : les droits se comptent dans PostgreSQL, jamais dans une métrique.',
    stability: 'stable',
    documented: false,
  }),
  unidentifiedMusic: metric({
    name: 'sodav_unidentified_music_seconds_total',
    otelName: 'sodav.music.unidentified',
    kind: 'counter',
    unit: 's',
    help: {
      fr: "Secondes de musique que rien n'a identifiées",
      en: 'Seconds of music that nothing has identified',
    },
    labels: {},
    source: 'code',
    fedBy: 'Le relevé des diffusions, à la fin de chaque musique inconnue.',
    howToRead:
      'rate(…) / rate(sodav_audio_heard_seconds_total[…]) : part de l’antenne qui échappe aux ayants droit.',
    stability: 'stable',
    documented: false,
  }),
  unknownLost: metric({
    name: 'sodav_unknown_plays_lost_total',
    otelName: 'sodav.unknown_plays.lost',
    kind: 'counter',
    unit: '{play}',
    help: {
      fr: 'Diffusions inconnues dont il ne reste pas d’audio à identifier, par cause',
      en: 'Unknown plays of which no audio is left to be identified, by cause',
    },
    labels: { reason: closed('disk_full', 'disk_error', 'late', 'restart', 'no_answer') },
    source: 'code',
    fedBy: 'La garde de la musique inconnue, une fois par diffusion.',
    howToRead:
      'Zéro est la seule bonne valeur. disk_full : UNKNOWN_DISK_MB est trop petit, ou les services externes ne suivent pas ; disk_error : le disque n’a pas pu être écrit ; late : la reconnaissance avait plus d’une minute de retard ; restart : le service a été tué, ou relayé par une autre copie ; no_answer : six essais n’ont donné aucune réponse d’AcoustID ou d’AudD (panne, budget épuisé), en plus d’un jour.',
    stability: 'experimental',
    documented: false,
  }),
  journalEntries: metric({
    name: 'sodav_play_journal_entries',
    otelName: 'sodav.play_journal.entries',
    kind: 'gauge',
    unit: '{play}',
    help: {
      fr: 'Diffusions écrites sur disque que PostgreSQL n’a pas encore confirmées',
      en: 'Plays written to disk that PostgreSQL has not acknowledged yet',
    },
    labels: {},
    source: 'collector',
    fedBy: 'Le collecteur « journal ».',
    howToRead: 'Monte quand la base est arrêtée, redescend à zéro quand elle revient.',
    stability: 'stable',
    documented: false,
  }),
  journalBytes: metric({
    name: 'sodav_play_journal_bytes',
    otelName: 'sodav.play_journal.size',
    kind: 'gauge',
    unit: 'By',
    help: {
      fr: 'Taille sur disque du journal des diffusions en attente, en octets',
      en: 'Size on disk of the journal of waiting plays in bytes',
    },
    labels: {},
    source: 'collector',
    fedBy: 'Le collecteur « journal ».',
    howToRead: 'À comparer à JOURNAL_DISK_MB.',
    stability: 'stable',
    documented: false,
  }),
};
