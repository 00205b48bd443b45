import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { Logger } from '../log';

/** For how long a token that was revoked in the database may still be taken, in milliseconds. */
const REMEMBERED_MS = 5_000;

/** A token as it is stored: its SHA-256, hexadecimal. Tokens are random, so that nothing slower is needed. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

/**
 * Makes the API token at the first start: the token itself into `<dataDir>/api-token` (only its owner may read it),
 * its hash into the database. Later starts only see that the database knows the file's token.
 * @returns the file's path, or nothing where tokens exist and somebody took the file away
 */
export async function ensureToken(options: {
  knex: Knex;
  dataDir: string;
  log: Logger;
}): Promise<string | undefined> {
  const { knex, dataDir, log } = options;
  const path = join(dataDir, 'api-token');
  if (!existsSync(path)) {
    const known = await knex('api_tokens').whereNull('revoked_at').first('id');
    if (known !== undefined) {
      log.info("le fichier du jeton d'API n'est plus là, ses jetons restent valables");
      return undefined;
    }
    mkdirSync(dataDir, { recursive: true });
    try {
      writeFileSync(path, `sodav_${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
      log.info({ fichier: path }, "jeton d'API créé");
    } catch (error) {
      // Another process of this service was faster: its token is ours too.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  if ((statSync(path).mode & 0o077) !== 0) {
    chmodSync(path, 0o600);
    log.warn({ fichier: path }, "d'autres pouvaient lire le jeton d'API : droits resserrés");
  }
  const token = readFileSync(path, 'utf8').trim();
  if (token.length < 20) throw new Error(`${path} holds no token: remove it and start again`);
  await knex('api_tokens')
    .insert({ name: 'premier démarrage', sha256: tokenHash(token) })
    .onConflict('sha256')
    .ignore();
  return path;
}

/** The tokens that may change things, as the database holds them. */
export class Tokens {
  private hashes: readonly Buffer[] = [];
  private readAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly knex: Knex) {}

  /** Whether a token is known and not revoked. @throws where the database is away */
  async accepts(token: string): Promise<boolean> {
    if (performance.now() - this.readAt > REMEMBERED_MS) {
      const rows: { sha256: string }[] = await this.knex('api_tokens')
        .whereNull('revoked_at')
        .select('sha256');
      this.hashes = rows.map(({ sha256 }) => Buffer.from(sha256, 'hex'));
      this.readAt = performance.now();
    }
    const given = createHash('sha256').update(token).digest();
    let found = false;
    // Every one is compared, so that the time tells nothing about which.
    for (const hash of this.hashes) found = timingSafeEqual(hash, given) || found;
    return found;
  }
}
