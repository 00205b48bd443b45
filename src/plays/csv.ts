import { stringify } from 'csv-stringify/sync';
import type { ListedPlay } from './rows';

const dakar = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Africa/Dakar',
  dateStyle: 'short',
  timeStyle: 'medium',
});

const COLUMNS: readonly (readonly [string, (play: ListedPlay) => string | number | undefined])[] = [
  ['Identifiant', (play) => play.id],
  ['Station', (play) => play.stationName],
  ['Simulée', (play) => (play.simulated ? 'oui' : 'non')],
  ['Nature', (play) => ({ track: 'titre', unknown: 'inconnue', jingle: 'jingle' })[play.kind]],
  ['État', (play) => ({ open: 'en cours', complete: 'complète', cut: 'coupée' })[play.status]],
  ['Titre', (play) => play.title],
  ['Artistes', (play) => (play.artists.length > 0 ? play.artists.join(' ; ') : undefined)],
  ['Album', (play) => play.album],
  ['Label', (play) => play.label],
  ['ISRC', (play) => play.isrc],
  ['Début (Dakar)', (play) => dakar.format(play.startedAt)],
  ['Fin (Dakar)', (play) => dakar.format(play.endedAt)],
  ['Début (UTC)', (play) => new Date(play.startedAt).toISOString()],
  ['Fin (UTC)', (play) => new Date(play.endedAt).toISOString()],
  ['Durée (s)', (play) => ((play.endedAt - play.startedAt) / 1000).toFixed(1)],
  ['Erreur début (s)', (play) => play.startErrorS.toFixed(1)],
  ['Erreur fin (s)', (play) => play.endErrorS.toFixed(1)],
  ['Méthode', (play) => play.method],
  ['Confiance', (play) => play.confidence],
  ['Cause de coupure', (play) => play.cutReason],
  ['Révision', (play) => play.revision],
];

/**
 * Plays as CSV the way French spreadsheets open it: semicolons, UTF-8 with its mark before the header. Texts that a
 * spreadsheet would run as a formula are given an apostrophe first.
 */
export function csvOf(plays: readonly ListedPlay[], options: { header: boolean }): string {
  return stringify(
    plays.map((play) => COLUMNS.map(([, value]) => value(play))),
    {
      delimiter: ';',
      record_delimiter: '\r\n',
      escape_formulas: true,
      bom: options.header,
      ...(options.header ? { header: true, columns: COLUMNS.map(([name]) => name) } : {}),
    },
  );
}
