import { bounded, closed, metric } from './define';

/** With more stations than this, the series per station are not made. */
export const MAX_STATION_SERIES = 500;

const state = closed('starting', 'listening', 'silent', 'lost', 'paused');
const station = bounded(
  `Le nom des stations, au plus ${MAX_STATION_SERIES} ; au-delà, les séries par station ne sont pas produites.`,
);
const perStation = {
  kind: 'gauge',
  labels: { station },
  source: 'collector',
  fedBy: 'Le collecteur « stations ».',
  stability: 'experimental',
  documented: false,
} as const;

export const stationMetrics = {
  activeStations: metric({
    name: 'sodav_active_stations',
    otelName: 'sodav.stations.active',
    kind: 'gauge',
    unit: '{station}',
    help: {
      fr: 'Nombre de stations radio actives (son décodé dans les 30 dernières secondes)',
      en: 'Active radio stations (audio decoded in the last 30 seconds)',
    },
    labels: {},
    source: 'collector',
    fedBy: 'Le collecteur « stations », du son réellement décodé.',
    howToRead:
      'À comparer à sum(sodav_stations) sans les stations en pause : la différence, ce sont des diffusions perdues.',
    stability: 'stable',
    documented: true,
  }),
  stations: metric({
    name: 'sodav_stations',
    otelName: 'sodav.stations',
    kind: 'gauge',
    unit: '{station}',
    help: { fr: 'Nombre de stations par état', en: 'Stations by state' },
    labels: { state },
    source: 'collector',
    fedBy: 'Le collecteur « stations ».',
    howToRead: 'silent : le flux arrive mais sans son ; lost : le flux n’arrive plus.',
    stability: 'stable',
    documented: false,
  }),
  stationState: metric({
    ...perStation,
    name: 'sodav_station_state',
    otelName: 'sodav.station.state',
    unit: '1',
    help: {
      fr: "1 pour l'état où se trouve la station, 0 pour les autres",
      en: '1 for the state that the station is in, 0 for the others',
    },
    labels: { station, state },
    howToRead: 'sodav_station_state{state="lost"} == 1 : les stations perdues, par leur nom.',
  }),
  stationLastAudio: metric({
    ...perStation,
    name: 'sodav_station_last_audio_timestamp_seconds',
    otelName: 'sodav.station.last_audio',
    unit: 's',
    help: {
      fr: 'Moment du dernier son décodé de la station, en secondes depuis 1970',
      en: 'When audio of the station was last decoded, seconds since 1970',
    },
    howToRead: 'time() - … : depuis quand la station se tait. Absente tant que rien n’a été entendu.',
  }),
  stationLastDetection: metric({
    ...perStation,
    name: 'sodav_station_last_detection_timestamp_seconds',
    otelName: 'sodav.station.last_detection',
    unit: 's',
    help: {
      fr: 'Moment de la dernière œuvre reconnue sur la station, en secondes depuis 1970',
      en: 'When music was last recognised on the station, seconds since 1970',
    },
    howToRead:
      'time() - … : une station musicale sans reconnaissance depuis des heures manque à la bibliothèque.',
  }),
  stationCoverage: metric({
    ...perStation,
    name: 'sodav_station_coverage_ratio',
    otelName: 'sodav.station.coverage',
    unit: '1',
    help: {
      fr: 'Part de la journée (UTC) écoulée qui a été entendue sur la station, de 0 à 1',
      en: 'Share of the day so far (UTC) that was heard of the station, 0 to 1',
    },
    howToRead: 'En dessous de 0,95, le relevé du jour de cette station a des trous.',
  }),
  stationReconnects: metric({
    ...perStation,
    name: 'sodav_station_reconnects',
    otelName: 'sodav.station.reconnects',
    unit: '{reconnect}',
    help: {
      fr: 'Reconnexions au flux de la station depuis minuit (UTC)',
      en: "Reconnects to the station's stream since midnight (UTC)",
    },
    howToRead: 'Plusieurs par heure : flux instable ; la cause est dans sodav_stream_reconnects_total.',
  }),
};
