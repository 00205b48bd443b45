import type { Knex } from 'knex';
import type { Phrase } from '../../errors';
import type { HealthCheck } from '../deps';
import type { Define } from '../endpoint';

/** For how long one check may take before it counts as failed, in milliseconds. */
const CHECK_MS = 2_000;

/** The database answers a query. */
export function databaseCheck(knex: Knex): HealthCheck {
  return {
    name: 'database',
    async check() {
      try {
        await knex.raw('SELECT 1');
        return undefined;
      } catch {
        return { fr: 'la base de données ne répond pas', en: 'the database does not answer' };
      }
    },
  };
}

/** `/health/live`: the process turns. `/health/ready`: it can do its work; else 503 with the reasons. */
export function healthRoutes(define: Define, checks: readonly HealthCheck[]): void {
  define('get', '/health/live', { access: 'open' }, (ctx) => {
    ctx.body = { status: 'ok' };
  });

  define('get', '/health/ready', { access: 'open' }, async (ctx) => {
    const results = await Promise.all(
      checks.map(async (check) => ({ name: check.name, fault: await run(check) })),
    );
    const failed = results.some(({ fault }) => fault !== undefined);
    ctx.status = failed ? 503 : 200;
    ctx.body = {
      status: failed ? 'unready' : 'ok',
      checks: Object.fromEntries(
        results.map(({ name, fault }) => [
          name,
          fault === undefined
            ? { status: 'ok' }
            : { status: 'failed', reason_fr: fault.fr, reason_en: fault.en },
        ]),
      ),
    };
  });
}

async function run(check: HealthCheck): Promise<Phrase | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Phrase>((resolve) => {
    timer = setTimeout(
      () =>
        resolve({ fr: `pas de réponse en ${CHECK_MS / 1_000} s`, en: `no answer in ${CHECK_MS / 1_000} s` }),
      CHECK_MS,
    );
  });
  try {
    return await Promise.race([check.check(), late]);
  } catch {
    return { fr: 'le contrôle a échoué', en: 'the check failed' };
  } finally {
    clearTimeout(timer);
  }
}
