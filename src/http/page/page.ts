import type { Station, StationState, StationStatus } from '../../stations/types';
import { headline, type ReceivedAlert } from '../alerts';
import type { PlayView } from '../play-view';
import type { Overview } from '../queries/overview';
import { clockTime, figure, percent, span } from './french';
import { type Html, html, trusted } from './html';
import { SCRIPT, STYLE } from './style';

/** Everything that the page shows; without `stored` the database did not answer. */
export interface PageContent {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly demo: boolean;
  readonly links: { readonly prometheus: string; readonly grafana: string };
  readonly alerts: readonly ReceivedAlert[];
  readonly stored?: {
    readonly stations: readonly { readonly station: Station; readonly status: StationStatus | undefined }[];
    readonly onAir: readonly PlayView[];
    readonly last: readonly PlayView[];
    readonly figures: Overview;
  };
}

const STATES: Readonly<Record<StationState, string>> = {
  starting: 'démarrage',
  listening: 'à l’écoute',
  silent: 'silence',
  lost: 'perdue',
  paused: 'en pause',
};

const METHODS: Readonly<Record<string, string>> = {
  local: 'bibliothèque',
  acoustid: 'AcoustID',
  audd: 'AudD',
};

/** The page as a whole document. */
export function renderPage(content: PageContent, nonce: string): string {
  const { now, stored, links } = content;
  const document = html`<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SODAV Monitor</title>
<link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="5"></noscript>
<style nonce="${nonce}">${trusted(STYLE)}</style>
</head>
<body class="live">
<header>
<h1><span>SODAV</span> Monitor</h1>
<p>Ce que les radios diffusent, en ce moment · <time datetime="${new Date(now).toISOString()}">${clockTime(now, now)}</time>, heure de Dakar</p>
</header>
<p id="lost" class="note bad" role="status" hidden>Le service ne répond plus : cette page montre son dernier état connu.</p>
<main>
${content.demo && demoNote()}
${content.alerts.length > 0 && alertNote(content.alerts, now)}
${stored === undefined ? databaseNote() : storedPart(stored, now)}
</main>
<footer>
<nav aria-label="Pour aller plus loin"><ul>
<li><a href="/api/metrics">Métriques</a></li>
<li><a href="${links.prometheus}">Prometheus</a></li>
<li><a href="${links.grafana}">Grafana</a></li>
<li><a href="/api/plays.csv">Toutes les diffusions (CSV)</a></li>
<li><a href="/api/reports/daily.csv?day=${new Date(now).toISOString().slice(0, 10)}">Relevé du jour (CSV)</a></li>
<li><a href="/health/ready">État de santé</a></li>
</ul></nav>
Les heures de début et de fin sont calculées d’après l’enregistrement reconnu, pas d’après l’heure de la reconnaissance.
</footer>
<script nonce="${nonce}">${trusted(SCRIPT)}</script>
</body>
</html>
`;
  return document.text;
}

function storedPart(stored: NonNullable<PageContent['stored']>, now: number): Html {
  const { stations, onAir, last, figures } = stored;
  const heard = stations.filter(({ status }) => status?.state === 'listening').length;
  const unheard = stations.some(({ status }) => status?.state === 'lost' || status?.state === 'silent');
  return html`<dl class="figures">
${tile('stations à l’écoute', `${figure(heard)} / ${figure(stations.length)}`, unheard ? 'bad' : undefined)}
${tile('diffusions reconnues aujourd’hui', figure(figures.playsToday))}
${tile('de musique reconnue aujourd’hui', span(figures.identifiedTodayS))}
${tile('musiques inconnues aujourd’hui', figure(figures.unknownToday))}
${tile('titres de référence', figure(figures.tracks))}
${tile('interprètes', figure(figures.artists))}
</dl>
<h2 id="stations">Stations</h2>
${
  stations.length === 0
    ? html`<p class="empty">Aucune station n’est écoutée. Ajoutez-en par <code>npm run stations:import -- fichier.csv</code> ou par <code>POST /api/stations</code>.</p>`
    : html`<ul class="stations" aria-labelledby="stations">${worstFirst(stations).map(({ station, status }) =>
        card(
          station,
          status,
          onAir.filter((play) => play.station.id === station.id),
          now,
        ),
      )}</ul>`
}
<h2 id="last">Dernières diffusions</h2>
${last.length === 0 ? html`<p class="empty">Aucune diffusion n’est encore au relevé.</p>` : table(last, now)}`;
}

/** A station that is not heard must not be looked for among all the others. */
function worstFirst<S extends { readonly status: StationStatus | undefined }>(stations: readonly S[]): S[] {
  const rank = ({ status }: S) => ['lost', 'silent'].indexOf(status?.state ?? '') + 1 || 3;
  return [...stations].sort((a, b) => rank(a) - rank(b));
}

function tile(label: string, value: string, mark?: 'bad'): Html {
  return html`<div class="${mark}"><dt>${label}</dt><dd>${value}</dd></div>`;
}

function card(
  station: Station,
  status: StationStatus | undefined,
  onAir: readonly PlayView[],
  now: number,
): Html {
  const state = status?.state ?? (station.paused ? 'paused' : undefined);
  return html`<li>
<div class="top"><h3>${stationName(station)}</h3><span class="state ${state}">${state === undefined ? 'pas encore écoutée' : STATES[state]}</span></div>
${status !== undefined && html`<p class="why">depuis ${span((now - status.since) / 1_000)} (${clockTime(status.since, now)})${status.reason !== '' && ` · ${status.reason}`}</p>`}
${onAir.map((play) => nowPlaying(play, now))}
${onAir.length === 0 && status?.state === 'listening' && html`<p class="now"><small>Pas de musique reconnue en ce moment.</small></p>`}
${status?.title !== undefined && status.title !== '' && html`<p class="hint">La station annonce : «\u00a0${status.title}\u00a0»</p>`}
${status !== undefined && factsOf(status)}
</li>`;
}

function factsOf(status: StationStatus): Html | false {
  const facts = [
    status.codec?.toUpperCase(),
    status.coverageToday === undefined ? undefined : `${percent(status.coverageToday)} du jour entendu`,
    status.reconnectsToday > 0 &&
      `${figure(status.reconnectsToday)} reconnexion${status.reconnectsToday > 1 ? 's' : ''} aujourd’hui`,
  ].filter((fact) => typeof fact === 'string');
  return facts.length > 0 && html`<p class="hint">${facts.join(' · ')}</p>`;
}

function nowPlaying(play: PlayView, now: number): Html {
  const since = Date.parse(play.started_at);
  const heardFor = `depuis ${span((now - since) / 1_000)}`;
  if (play.track === undefined) {
    return html`<p class="now"><strong>${play.kind === 'jingle' ? 'Jingle' : 'Musique inconnue'}</strong><small>${heardFor}</small></p>`;
  }
  return html`<p class="now"><strong>${play.track.title}</strong>${play.track.artists.join(', ')}<small>${heardFor}</small></p>`;
}

function table(plays: readonly PlayView[], now: number): Html {
  return html`<div class="scroll"><table aria-labelledby="last">
<thead><tr><th scope="col">Début</th><th scope="col">Station</th><th scope="col">Titre</th><th scope="col">Durée</th><th scope="col">Reconnu par</th><th scope="col">État</th></tr></thead>
<tbody>${plays.map((play) => row(play, now))}</tbody>
</table></div>`;
}

function row(play: PlayView, now: number): Html {
  const confidence = play.confidence === undefined ? undefined : ` (${percent(play.confidence)})`;
  return html`<tr>
<td class="n">${clockTime(Date.parse(play.started_at), now)}</td>
<td>${stationName(play.station)}</td>
<td>${play.track === undefined ? (play.kind === 'jingle' ? 'Jingle' : 'Musique inconnue') : html`${play.track.title}<small>${play.track.artists.join(', ')}</small>`}</td>
<td class="n">${span(play.duration_s)}</td>
<td>${play.method === undefined ? '—' : (METHODS[play.method] ?? play.method)}${confidence}</td>
<td class="n">${play.status === 'open' ? 'en cours' : play.status === 'cut' ? 'coupée' : 'entière'}</td>
</tr>`;
}

/** A simulated station is never shown without saying so. */
function stationName({ name, simulated }: { name: string; simulated: boolean }): string {
  return simulated && !/\(simulée\)/i.test(name) ? `${name} (simulée)` : name;
}

function demoNote(): Html {
  return html`<p class="note"><strong>Mode démonstration.</strong> Les stations simulées et leurs titres sont fabriqués par cette machine ; rien de ce qu’elles diffusent n’ouvre de droits.</p>`;
}

function databaseNote(): Html {
  return html`<p class="note bad" role="alert"><strong>La base de données ne répond pas.</strong> L’écoute continue ; les diffusions attendent sur disque et seront écrites à son retour.</p>`;
}

function alertNote(alerts: readonly ReceivedAlert[], now: number): Html {
  return html`<div class="note bad"><strong>Alertes en cours (${alerts.length})</strong><ul>${alerts.map(
    (alert) => html`<li>${headline(alert)}, depuis ${clockTime(Date.parse(alert.startsAt), now)}</li>`,
  )}</ul></div>`;
}
