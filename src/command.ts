import { AppError } from './errors';

/** Exit statuses of our commands: all done; done but for what is listed; not done. */
export const EXIT = { ok: 0, partly: 1, failed: 2, interrupted: 130 } as const;

/** PostgreSQL's and the network's codes that a person can do something about. */
const DATABASE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'la base de données ne répond pas (connexion refusée)',
  ECONNRESET: 'la connexion à la base de données a été coupée',
  ENOTFOUND: "le serveur de la base de données est introuvable (nom d'hôte inconnu)",
  EAI_AGAIN: "le serveur de la base de données est introuvable (nom d'hôte inconnu)",
  ETIMEDOUT: 'la base de données ne répond pas (délai dépassé)',
  EHOSTUNREACH: 'le serveur de la base de données est injoignable',
  '28P01': 'la base de données refuse le mot de passe',
  '28000': "la base de données refuse l'utilisateur",
  '3D000': "cette base de données n'existe pas",
  '57P01': 'la base de données a été arrêtée',
  '57P03': 'la base de données démarre ou s’arrête : réessayer dans un instant',
  '53100': 'le disque de la base de données est plein',
  '53300': 'la base de données a trop de connexions',
};

/** One line per finding, in French, for an error that ends a command. */
export function explain(error: unknown): string {
  if (error instanceof AppError) return error.phrase.fr;
  const { name, message, code, findings, errors } = error as {
    name?: string;
    message?: string;
    code?: string;
    findings?: readonly string[];
    errors?: readonly unknown[];
  };
  if (name === 'ConfigError' && findings) return `Réglages : ${findings.join('\n')}`;
  const known = code === undefined ? undefined : DATABASE[code];
  if (known !== undefined) return `Impossible : ${known}.`;
  if (errors?.[0] !== undefined && errors[0] !== error) return explain(errors[0]);
  if (/timeout|terminated|Connection ended/i.test(message ?? '')) {
    return 'Impossible : la base de données ne répond plus.';
  }
  return `Erreur imprévue : ${message ?? String(error)}`;
}

/** Runs a command to its end: its exit status, or one clear line and `EXIT.failed`. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(explain(error));
    process.exitCode = EXIT.failed;
  }
}

/** The folder that paths on the command line are relative to: npm runs its scripts in the project's own. */
export function fromCallersFolder(): string {
  return process.env.INIT_CWD ?? process.cwd();
}
