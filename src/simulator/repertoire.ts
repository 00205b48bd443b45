import { onGrid } from './air';
import { Random } from './random';

/** Something that stations play. What is synthesised says in every name that it is simulated. */
export interface Recording {
  /** `t001` for what the reference library holds, `u001` for what it does not. */
  readonly key: string;
  readonly kind: 'track' | 'unknown';
  readonly title: string;
  readonly artists: readonly string[];
  readonly album?: string;
  readonly label?: string;
  readonly durationMs: number;
}

/** What a station can play: recordings that the reference library holds, and others. */
export interface Repertoire {
  readonly tracks: readonly Recording[];
  readonly unknown: readonly Recording[];
}

export interface RepertoireOptions {
  readonly seed: number;
  /** Recordings that the reference library holds. */
  readonly tracks: number;
  /** Recordings that are aired without being in the library. */
  readonly unknown: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

const SUBJECTS = [
  'Nuit',
  'Lumière',
  'Vent',
  'Marché',
  'Pluie',
  'Danse',
  'Chemin',
  'Retour',
  'Soleil',
  'Écho',
];
const PLACES = ['du fleuve', 'de la lagune', 'des dunes', 'du grand baobab', 'de la presqu’île', 'du Sahel'];
const ENSEMBLES = ['Orchestre', 'Trio', 'Ensemble', 'Quartet', 'Chœur', 'Les Amis'];
const NAMES = [
  'des Filaos',
  'du Cap-Témoin',
  'de l’Étoile d’essai',
  'des Pélicans',
  'du Fromager',
  'des Vagues',
];

/** Synthesised recordings. Equal options give equal recordings. */
export function synthesisedRepertoire(options: RepertoireOptions): Repertoire {
  const make = (kind: Recording['kind'], count: number) =>
    Array.from({ length: count }, (_, i) => recording(options, kind, i));
  return { tracks: make('track', options.tracks), unknown: make('unknown', options.unknown) };
}

function recording(options: RepertoireOptions, kind: Recording['kind'], index: number): Recording {
  const key = `${kind === 'track' ? 't' : 'u'}${String(index + 1).padStart(3, '0')}`;
  const random = new Random(options.seed, 'recording', key);
  // Numbered where the words run out, so that no two recordings share a title.
  const place = PLACES[Math.floor(index / SUBJECTS.length) % PLACES.length]!;
  const round = Math.floor(index / (SUBJECTS.length * PLACES.length));
  const title = `${SUBJECTS[index % SUBJECTS.length]} ${place}${round > 0 ? ` ${round + 1}` : ''}`;
  const unheard = kind === 'unknown' ? ' (inédit)' : '';
  return {
    key,
    kind,
    title: `${title}${unheard} (simulé)`,
    artists: [`${random.pick(ENSEMBLES)} ${random.pick(NAMES)} (simulé)`],
    album: `Répertoire d’essai ${1 + Math.floor(index / 12)} (simulé)`,
    label: 'Studio d’essai (simulé)',
    durationMs: onGrid(1_000 * random.between(options.minSeconds, options.maxSeconds)),
  };
}
