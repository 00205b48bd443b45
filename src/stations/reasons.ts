import type { ConnectFailed, StreamFault } from '../capture/types';

const FAULT_REASONS: Record<StreamFault, string> = {
  unreachable: 'serveur injoignable',
  http_error: 'le serveur refuse le flux',
  redirect_loop: 'redirections sans fin',
  bad_playlist: 'liste de lecture inutilisable',
  wrong_content_type: "l'adresse ne donne pas de son",
  garbage: 'données que rien ne sait décoder',
  stall: 'connecté, mais plus rien ne vient',
  ended: 'la station a fermé le flux',
  decoder_crash: "le décodeur s'est arrêté ; reprise en cours",
  overload: 'cette machine ne suit plus le flux',
};

/** Why a station was lost, for the people who read French; with the figure or the type that the server gave. */
export function faultReason({ fault, detail }: Pick<ConnectFailed, 'fault' | 'detail'>): string {
  const fact = /^(?:HTTP \d{3}|[\w.+-]+\/[\w.+-]+)/.exec(detail)?.[0];
  const told = fact && (fault === 'http_error' || fault === 'wrong_content_type');
  return told ? `${FAULT_REASONS[fault]} (${fact})` : FAULT_REASONS[fault];
}
