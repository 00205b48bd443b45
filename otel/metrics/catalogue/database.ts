import { bounded, closed, metric } from './define';

/** The table of a query that names none. */
export const NO_TABLE = 'none';

export const databaseMetrics = {
  dbQueryDuration: metric({
    name: 'sodav_db_query_duration_seconds',
    otelName: 'sodav.db.query.duration',
    kind: 'histogram',
    unit: 's',
    help: {
      fr: "Temps d'exécution des requêtes de base de données, attente d'une connexion comprise, en secondes",
      en: 'Database query time in seconds, waiting for a connection included',
    },
    labels: {
      operation: closed('select', 'insert', 'update', 'delete', 'transaction', 'other'),
      table: bounded(
        `Les tables du schéma, « ${NO_TABLE} » quand la requête n'en nomme pas ; au plus 100 valeurs, ensuite « other ».`,
      ),
    },
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    source: 'code',
    initial: [
      { operation: 'select', table: 'artists' },
      { operation: 'select', table: 'plays' },
      { operation: 'select', table: 'stations' },
      { operation: 'select', table: 'tracks' },
      { operation: 'insert', table: 'plays' },
    ],
    fedBy: 'Chaque requête faite par knex, échecs et attentes vaines compris.',
    howToRead:
      'Un p95 qui monte sur une table : index ou verrou ; sur toutes les tables à la fois : le disque, ou trop peu de connexions.',
    stability: 'stable',
    documented: true,
  }),
  trackCount: metric({
    name: 'sodav_track_count',
    otelName: 'sodav.library.tracks',
    kind: 'gauge',
    unit: '{track}',
    help: {
      fr: 'Nombre total de pistes dans la base de données',
      en: 'Tracks in the database',
    },
    labels: {},
    source: 'collector',
    fedBy: 'Le collecteur « library », par un SELECT count(*).',
    howToRead: 'Absente quand la base ne répond pas (voir sodav_collector_success) ; jamais un faux zéro.',
    stability: 'stable',
    documented: true,
  }),
  artistCount: metric({
    name: 'sodav_artist_count',
    otelName: 'sodav.library.artists',
    kind: 'gauge',
    unit: '{artist}',
    help: {
      fr: "Nombre total d'artistes dans la base de données",
      en: 'Artists in the database',
    },
    labels: {},
    source: 'collector',
    fedBy: 'Le collecteur « library », par un SELECT count(*).',
    howToRead: 'Absente quand la base ne répond pas ; jamais un faux zéro.',
    stability: 'stable',
    documented: true,
  }),
};
