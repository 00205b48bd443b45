import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../../errors';

/** How a PostgreSQL program is started: PostgreSQL refuses to run as root. */
export interface Account {
  /** The command line that runs `program` under this account. */
  command(
    program: string,
    args: readonly string[],
  ): { file: string; args: string[]; uid?: number; gid?: number };
  /** Gives a folder and what is in it to the account. */
  own(folder: string): void;
}

const OURSELVES: Account = {
  command: (file, args) => ({ file, args: [...args] }),
  own: () => undefined,
};

const NAME = 'sodav-postgres';

/**
 * The account for PostgreSQL: ourselves, or as root an unprivileged user of its own (made once; `nobody` where users
 * cannot be made). Where that user may not walk to `paths` (a clone under a private home), it gets the one capability
 * that lets it, and nothing else of root's.
 */
export function accountFor(paths: readonly string[]): Account {
  if (process.getuid?.() !== 0) return OURSELVES;
  const { uid, gid } = unprivilegedUser();
  const own = (folder: string) => chownTree(folder, uid, gid);
  if (paths.every(walkable)) return { own, command: (file, args) => ({ file, args: [...args], uid, gid }) };
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find(existsSync);
  if (setpriv === undefined) {
    throw new AppError('private_folder', 500, {
      fr: `PostgreSQL ne peut pas tourner sous root ni lire ${paths.find((p) => !walkable(p))} sous un autre compte : installer le projet hors d'un dossier privé (par exemple /opt), ou régler DATABASE_URL.`,
      en: `PostgreSQL cannot run as root, nor read ${paths.find((p) => !walkable(p))} as another user: install outside a private folder (for example /opt), or set DATABASE_URL.`,
    });
  }
  const wrapper = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    '--bounding-set=-all,+dac_override',
    '--',
  ];
  return { own, command: (file, args) => ({ file: setpriv, args: [...wrapper, file, ...args] }) };
}

/** May every user walk down to this path? */
function walkable(path: string): boolean {
  for (let folder = existsSync(path) ? path : dirname(path); ; folder = dirname(folder)) {
    if (statSync(folder).isDirectory() && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function unprivilegedUser(): { uid: number; gid: number } {
  const existing = lookUp(NAME);
  if (existing) return existing;
  try {
    execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME], {
      stdio: 'ignore',
    });
  } catch {
    // No useradd, or a read-only /etc: `nobody` will do.
  }
  return lookUp(NAME) ?? lookUp('nobody') ?? { uid: 65_534, gid: 65_534 };
}

function lookUp(name: string): { uid: number; gid: number } | undefined {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }).toString());
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function chownTree(path: string, uid: number, gid: number): void {
  chownSync(path, uid, gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) chownTree(child, uid, gid);
    else if (entry.isFile()) chownSync(child, uid, gid);
  }
}
