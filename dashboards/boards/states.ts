import { COLOURS, words } from '../lib/panel';
import { type Phrase, p } from '../lib/phrase';

/** A station's states, with the number that a timeline and a table show them by, and the same colour everywhere. */
const STATES = [
  { state: 'listening', text: p('écoutée', 'listening'), colour: COLOURS.good },
  { state: 'silent', text: p('muette', 'silent'), colour: COLOURS.doubtful },
  { state: 'lost', text: p('perdue', 'lost'), colour: COLOURS.bad },
  { state: 'starting', text: p('en démarrage', 'starting'), colour: 'light-blue' },
  { state: 'paused', text: p('en pause', 'paused'), colour: COLOURS.idle },
] as const;

export const STATE_COLOURS: Readonly<Record<string, string>> = Object.fromEntries(
  STATES.map(({ state, colour }) => [state, colour]),
);

export const STATE_NAMES = Object.fromEntries(STATES.map(({ state, text }) => [state, text]));

/** The state as a number, 1 for the first. */
export function stateNumber(series: (state: string) => string): string {
  return STATES.map(({ state }, index) => `${index + 1} * ${series(state)}`).join(' or ');
}

export const stateWords = words(
  Object.fromEntries(STATES.map(({ text, colour }, index) => [index + 1, { text, colour }])),
);

/** A line per thing that either works (1) or does not (0). */
export const works = (yes: Phrase, no: Phrase) =>
  words({ 1: { text: yes, colour: COLOURS.good }, 0: { text: no, colour: COLOURS.bad } });

/** The methods of detection, always in the same colours. */
export const METHODS = { local: 'blue', acoustid: 'purple', audd: 'yellow' };
