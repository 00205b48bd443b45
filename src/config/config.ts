import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../paths';

/** One frozen object with everything that can be set from outside. Nothing else of `src/` reads the environment. */
export type Config = Readonly<ReturnType<typeof toConfig>>;

/** A wrong environment: every finding, one line each, in French. */
export class ConfigError extends Error {
  constructor(readonly findings: readonly string[]) {
    super(findings.join('\n'));
    this.name = 'ConfigError';
  }
}

const integer = (fallback: number, min: number, max: number, unit = '') =>
  z
    .string()
    .regex(/^\d+$/, `un nombre entier${unit} est attendu`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `un nombre de ${min} à ${max}${unit} est attendu`)
    .default(fallback);

const url = (...protocols: string[]) =>
  z.string().refine(
    (text) => {
      try {
        return protocols.includes(new URL(text).protocol);
      } catch {
        return false;
      }
    },
    `une adresse ${protocols.map((p) => `${p}//…`).join(' ou ')} est attendue`,
  );

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `une de ces valeurs est attendue : ${values.join(', ')}` });

const text = z.string().trim().min(1);

/** Threads that recognise: one core is left to the streams, the decoders and PostgreSQL. */
const recognitionThreads = Math.max(1, availableParallelism() - 1);

const schema = z.object({
  PORT: integer(8000, 0, 65_535),
  HOST: text.default('127.0.0.1'),
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  DATABASE_POOL: integer(10, 2, 200),
  DATA_DIR: text.default('data'),
  DEMO: oneOf(['on', 'off']).optional(),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  LOG_FORMAT: oneOf(['json', 'pretty']).optional(),
  DECODER_PROCESSES: integer(Math.max(1, Math.ceil(availableParallelism() / 4)), 1, 64),
  RECOGNITION_THREADS: integer(recognitionThreads, 1, 64),
  ACOUSTID_KEY: text.optional(),
  ACOUSTID_URL: url('http:', 'https:').default('https://api.acoustid.org/v2/lookup'),
  AUDD_TOKEN: text.optional(),
  AUDD_URL: url('http:', 'https:').default('https://api.audd.io/'),
  AUDD_DAILY_BUDGET: integer(300, 0, 1_000_000, ' demandes par jour'),
  METRICS_TOKEN_FILE: text.optional(),
  ALERTS_TOKEN: text.optional(),
  UNKNOWN_DISK_MB: integer(2_000, 10, 1_000_000, ' Mo'),
  JOURNAL_DISK_MB: integer(500, 1, 1_000_000, ' Mo'),
  PROMETHEUS_URL: url('http:', 'https:').default('http://localhost:9090'),
  GRAFANA_URL: url('http:', 'https:').default('http://localhost:3001'),
  SODAV_CLOCK_RATE: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'un nombre est attendu')
    .transform(Number)
    .refine((n) => n >= 0.1 && n <= 100, 'un nombre de 0,1 à 100 est attendu')
    .default(1),
  SODAV_CLOCK_ORIGIN: integer(0, 0, Number.MAX_SAFE_INTEGER, ' (millisecondes depuis 1970)'),
});

/** Variables whose value may also come from the file named by `<NAME>_FILE`, the way container secrets do. */
const FROM_FILE = ['DATABASE_URL', 'ACOUSTID_KEY', 'AUDD_TOKEN', 'ALERTS_TOKEN'] as const;

/** Names that `.env.example` documents and `loadConfig` understands. */
export const CONFIG_NAMES: readonly string[] = [
  ...Object.keys(schema.shape),
  ...FROM_FILE.map((name) => `${name}_FILE`),
];

/**
 * The service's configuration from its environment. An empty variable counts as absent.
 * @throws ConfigError with every finding at once
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const findings: string[] = [];
  const values: Record<string, string> = {};
  for (const name of CONFIG_NAMES) {
    const value = environment[name];
    if (value !== undefined && value.trim() !== '') values[name] = value;
  }
  for (const name of FROM_FILE) {
    const path = values[`${name}_FILE`];
    if (path === undefined) continue;
    if (values[name] !== undefined) findings.push(`${name} et ${name}_FILE : n'en donner qu'une des deux.`);
    else if (!existsSync(path)) findings.push(`${name}_FILE : le fichier ${path} n'existe pas.`);
    else {
      // An empty file counts as absent, like an empty variable: a container mounts it whether or not there is a key.
      const value = readFileSync(path, 'utf8').trim();
      if (value !== '') values[name] = value;
    }
  }
  if (values.METRICS_TOKEN_FILE !== undefined && !existsSync(values.METRICS_TOKEN_FILE)) {
    findings.push(`METRICS_TOKEN_FILE : le fichier ${values.METRICS_TOKEN_FILE} n'existe pas.`);
  }
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      // The value of a secret is never shown.
      const shown = (FROM_FILE as readonly string[]).includes(name) ? '' : ` (reçu « ${values[name]} »)`;
      findings.push(`${name} : ${issue.message}${shown}.`);
    }
  }
  if (!parsed.success || findings.length > 0) throw new ConfigError(findings);
  return Object.freeze(toConfig(parsed.data));
}

function toConfig(env: z.output<typeof schema>) {
  return {
    port: env.PORT,
    host: env.HOST,
    /** Absent: the embedded PostgreSQL. */
    databaseUrl: env.DATABASE_URL,
    databasePool: env.DATABASE_POOL,
    dataDir: resolve(projectRoot, env.DATA_DIR),
    /** Three simulated stations: by default only where nothing says which database to use. */
    demo: env.DEMO === undefined ? env.DATABASE_URL === undefined : env.DEMO === 'on',
    log: {
      level: env.LOG_LEVEL,
      format: env.LOG_FORMAT ?? (process.stdout.isTTY ? ('pretty' as const) : ('json' as const)),
    },
    decoderProcesses: env.DECODER_PROCESSES,
    recognitionThreads: env.RECOGNITION_THREADS,
    acoustid: { key: env.ACOUSTID_KEY, url: env.ACOUSTID_URL },
    audd: { token: env.AUDD_TOKEN, url: env.AUDD_URL, dailyBudget: env.AUDD_DAILY_BUDGET },
    /** Alertmanager's bearer token; absent: its notifications are taken from loopback and private networks only. */
    alertsToken: env.ALERTS_TOKEN,
    /** File with the bearer token that /api/metrics asks for; absent: none. */
    metricsTokenFile: env.METRICS_TOKEN_FILE,
    unknownDiskBytes: env.UNKNOWN_DISK_MB * 1e6,
    journalDiskBytes: env.JOURNAL_DISK_MB * 1e6,
    links: { prometheus: env.PROMETHEUS_URL, grafana: env.GRAFANA_URL },
    /** Faster than real time, for tests against the simulator only. */
    clock: { rate: env.SODAV_CLOCK_RATE, origin: env.SODAV_CLOCK_ORIGIN },
  };
}
