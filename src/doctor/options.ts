import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fromCallersFolder } from '../command';
import type { Config } from '../config/config';
import { projectRoot } from '../paths';

export interface Options {
  readonly service: string;
  readonly prometheus: string;
  readonly grafana: string;
  readonly metricsToken?: string;
  readonly grafanaLogin: { readonly user: string; readonly password: string };
  readonly json: boolean;
  /** Leaves Prometheus and Grafana out: `npm start` alone. */
  readonly serviceOnly: boolean;
}

/** A command line that cannot be followed; the message is French. */
export class UsageError extends Error {}

export const USAGE = `npm run doctor -- [options] : ce qui ne va pas dans la surveillance, et quoi faire.

  --service http://…              le service (par défaut http://localhost:PORT)
  --prometheus http://…           Prometheus (par défaut PROMETHEUS_URL)
  --grafana http://…              Grafana (par défaut GRAFANA_URL)
  --metrics-token-file FICHIER    le jeton de /api/metrics, si METRICS_TOKEN_FILE est réglé
  --grafana-password-file FICHIER le mot de passe du compte admin de Grafana
  --service-only                  ne regarder que le service
  --json                          une ligne de JSON par constat
  --help

État de sortie : 0 rien à faire, 1 au moins un problème (✘), 2 commande ou réglages faux.`;

/** @throws UsageError */
export function options(args: readonly string[], config: Config): Options | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const file = (name: 'metrics-token-file' | 'grafana-password-file') => {
    const given = values[name];
    if (given === undefined) return undefined;
    const path = resolve(fromCallersFolder(), given);
    if (!existsSync(path)) throw new UsageError(`--${name} : le fichier ${path} n’existe pas.`);
    return readFileSync(path, 'utf8').trim();
  };
  const metricsToken = file('metrics-token-file');
  return {
    service: address('service', values.service ?? `http://localhost:${config.port}`),
    prometheus: address('prometheus', values.prometheus ?? config.links.prometheus),
    grafana: address('grafana', values.grafana ?? config.links.grafana),
    ...(metricsToken === undefined ? {} : { metricsToken }),
    grafanaLogin: { user: 'admin', password: file('grafana-password-file') ?? localPassword() },
    json: values.json ?? false,
    serviceOnly: values['service-only'] ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        service: { type: 'string' },
        prometheus: { type: 'string' },
        grafana: { type: 'string' },
        'metrics-token-file': { type: 'string' },
        'grafana-password-file': { type: 'string' },
        'service-only': { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`Option inconnue ou incomplète : ${(error as Error).message}`);
  }
}

function address(name: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`--${name} : une adresse http://… ou https://… est attendue (reçu « ${text} »).`);
  }
  return text.replace(/\/+$/, '');
}

/** The password that compose.yaml gives Grafana: the real secret where there is one, else the documented admin. */
function localPassword(): string {
  for (const name of ['grafana_admin_password', 'grafana_admin_password.example']) {
    const path = join(projectRoot, 'docker/secrets', name);
    if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  }
  return 'admin';
}
