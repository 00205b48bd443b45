import { NO_TABLE } from '../metrics/catalogue/database';
import { instruments } from '../metrics/instruments';

/** What of knex is listened to. */
export interface QuerySource {
  on(event: 'start', listener: (builder: QueryBuilder) => void): unknown;
  readonly client: { runner(builder: QueryBuilder): unknown };
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
  const record = (builder: QueryBuilder, since: number, sql?: unknown) => {
    const { operation, table } = describe(builder, typeof sql === 'string' ? sql : undefined);
    const seconds = (performance.now() - since) / 1000;
    instruments.dbQueryDuration.record(seconds, { operation, table: bounded(table) });
  };
  /** Runs of builders: since when, and whether a connection is still waited for. */
  const runs = new WeakMap<QueryBuilder, { since: number; waiting: boolean }>();
  const runOf = (builder: QueryBuilder) => {
    const known = runs.get(builder);
    if (known) return known;
    const run = { since: performance.now(), waiting: false };
    const done = ((_: unknown, query?: { sql?: unknown }) => {
      record(builder, run.since, query?.sql);
      run.since = performance.now(); // a builder may run several queries
    }) as never;
    builder.on('query-response', done);
    builder.on('query-error', done);
    builder.on('error', () => {
      if (run.waiting) record(builder, run.since);
      run.waiting = false;
    });
    runs.set(builder, run);
    return run;
  };

  // knex tells of a query only once it has a connection; that there is none to be had is an answer, too.
  const { client } = knex;
  const makeRunner = client.runner;
  client.runner = function (this: typeof client, builder) {
    Object.assign(runOf(builder), { since: performance.now(), waiting: true });
    return makeRunner.call(this, builder);
  };
  knex.on('start', (builder) => {
    const run = runOf(builder);
    // Queries of a transaction have their connection and come without a runner of ours.
    if (!run.waiting) run.since = performance.now();
    run.waiting = false;
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

/** What stands before the table's name. */
const BEFORE_TABLE: Readonly<Partial<Record<Operation, string>>> = {
  insert: String.raw`insert\s+into`,
  update: String.raw`update(?:\s+only)?`,
  delete: String.raw`delete\s+from`,
  select: String.raw`from(?:\s+only)?`,
};

/** The first name after these words that is not a function's. */
function firstTable(text: string, before: string): string | undefined {
  const named = new RegExp(String.raw`\b${before}\s+("?\w+"?(?:\."?\w+"?)*)(\s*\()?`, 'gi');
  for (const [, name, call] of text.matchAll(named))
    if (call === undefined || !before.startsWith('from')) return name;
  return undefined;
}

/** Operation and first named table of raw SQL, by its words alone. */
export function describeSql(sql: string): { operation: Operation; table: string } {
  const text = sql
    .replace(/--[^\n]*/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/'(?:[^']|'')*'/g, "''")
    // Words of expressions, not of the FROM clause.
    .replace(/\b(?:extract|substring|trim|overlay)\s*\([^()]*?\bfrom\b/gi, '(')
    .replace(/\bdistinct\s+from\b/gi, ' ')
    .trim();
  const first = /^[a-z]+/i.exec(text)?.[0].toLowerCase() ?? '';
  // WITH … SELECT/INSERT/UPDATE/DELETE: the statement's own verb is the one outside all parentheses.
  const verb = first === 'with' ? (outerVerb(text) ?? 'select') : first;
  const operation = OPERATIONS[verb] ?? 'other';
  const before = BEFORE_TABLE[operation];
  const table = before && firstTable(text, before);
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
