import { NO_TABLE } from '../metrics/catalogue/database';
import { instruments } from '../metrics/instruments';

/** What of knex is listened to. */
export interface QuerySource {
  on(event: 'start', listener: (builder: QueryBuilder) => void): unknown;
}

interface QueryBuilder {
  on(event: string, listener: (...args: never[]) => void): unknown;
  readonly _single?: { readonly table?: unknown };
  readonly _method?: unknown;
  readonly sql?: unknown;
}

type Operation = Parameters<typeof instruments.dbQueryDuration.record>[1]['operation'];

const OPERATIONS: Readonly<Record<string, Operation>> = {
  select: 'select',
  first: 'select',
  pluck: 'select',
  columnInfo: 'select',
  insert: 'insert',
  update: 'update',
  upsert: 'insert',
  del: 'delete',
  delete: 'delete',
  begin: 'transaction',
  commit: 'transaction',
  rollback: 'transaction',
  savepoint: 'transaction',
  release: 'transaction',
};

/** More tables than any schema of ours: the code that makes up names gets `other`. */
const MAX_TABLES = 100;

/**
 * Records every query of a knex instance, its transactions included, in sodav_db_query_duration_seconds: from the moment
 * that it is asked for (a wait for a connection included) to its answer or error.
 */
export function observeQueries(knex: QuerySource): void {
  const tables = new Set<string>();
  const bounded = (table: string) => {
    if (tables.has(table)) return table;
    if (tables.size >= MAX_TABLES) return 'other';
    tables.add(table);
    return table;
  };
  knex.on('start', (builder) => {
    let started = performance.now();
    const done = (sql: unknown) => {
      const now = performance.now();
      const labels = describe(builder, typeof sql === 'string' ? sql : undefined);
      instruments.dbQueryDuration.record((now - started) / 1000, {
        operation: labels.operation,
        table: bounded(labels.table),
      });
      started = now; // a builder may run several queries
    };
    builder.on('query-response', ((_response: unknown, query?: { sql?: unknown }) =>
      done(query?.sql)) as never);
    builder.on('query-error', ((_error: unknown, query?: { sql?: unknown }) => done(query?.sql)) as never);
  });
}

function describe(builder: QueryBuilder, sql: string | undefined): { operation: Operation; table: string } {
  const table = builder._single?.table;
  if (typeof builder._method === 'string' && builder._single !== undefined) {
    return {
      operation: OPERATIONS[builder._method] ?? 'other',
      table: typeof table === 'string' ? bare(table) : NO_TABLE,
    };
  }
  const text = sql ?? (typeof builder.sql === 'string' ? builder.sql : '');
  return describeSql(text);
}

/** Operation and first named table of raw SQL, by its words alone. */
export function describeSql(sql: string): { operation: Operation; table: string } {
  const text = sql
    .replace(/--[^\n]*/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/'(?:[^']|'')*'/g, "''")
    .trim();
  const first = /^[a-z]+/i.exec(text)?.[0].toLowerCase() ?? '';
  // WITH … SELECT/INSERT/UPDATE/DELETE: the statement's own verb is the one outside all parentheses.
  const verb = first === 'with' ? (outerVerb(text) ?? 'select') : first;
  const operation = OPERATIONS[verb] ?? 'other';
  const pattern = {
    insert: /\binsert\s+into\s+("?[\w.]+"?)/i,
    update: /\bupdate\s+(?:only\s+)?("?[\w.]+"?)/i,
    delete: /\bdelete\s+from\s+("?[\w.]+"?)/i,
    select: /\bfrom\s+(?:only\s+)?("?[a-z_][\w.]*"?)(?!\s*\()/i,
    transaction: undefined,
    other: undefined,
  }[operation];
  const table = pattern?.exec(text)?.[1];
  return { operation, table: table === undefined ? NO_TABLE : bare(table) };
}

function outerVerb(text: string): string | undefined {
  let depth = 0;
  for (const [token] of text.matchAll(/[()]|\b(?:select|insert|update|delete)\b/gi)) {
    if (token === '(') depth++;
    else if (token === ')') depth--;
    else if (depth === 0) return token.toLowerCase();
  }
  return undefined;
}

/** `"public"."tracks" as t` → `tracks`. */
function bare(table: string): string {
  const name = table.split(/\s+/)[0]!.replaceAll('"', '');
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}
