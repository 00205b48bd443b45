import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { projectRoot } from '../../src/paths';
import { ITSELF } from './prometheus';

/** The project's own Prometheus configuration, with other addresses and a faster beat. */
export function prometheusConfig(addresses: {
  readonly service: string;
  readonly alertmanager?: string;
  readonly nodeExporter?: string;
  readonly rules?: boolean;
  /** Between two readings, and the longest that one may take; 1 s where it does not matter. */
  readonly scrape?: string;
}): string {
  const config = parse(readFileSync(join(projectRoot, 'docker/prometheus/prometheus.yml'), 'utf8'));
  const host = (url: string) => new URL(url).host;
  config.global = { scrape_interval: addresses.scrape ?? '1s', evaluation_interval: '1s' };
  if (addresses.rules === false) config.rule_files = [];
  config.alerting.alertmanagers[0].static_configs[0].targets = addresses.alertmanager
    ? [host(addresses.alertmanager)]
    : [];
  for (const job of config.scrape_configs) {
    delete job.scrape_interval;
    const [targets] = job.static_configs;
    if (job.job_name === 'sodav-monitor-backend') targets.targets = [host(addresses.service)];
    if (job.job_name === 'prometheus') targets.targets = [ITSELF];
    if (job.job_name === 'node-exporter')
      targets.targets = addresses.nodeExporter ? [host(addresses.nodeExporter)] : [];
  }
  return stringify(config);
}

/** What the doctor asks of a Grafana, answered as Grafana does. */
export class GrafanaApi {
  private readonly server: Server;
  dashboards: readonly string[] = [
    'sodav-system-overview',
    'sodav-detection',
    'sodav-stations',
    'sodav-alertes-slo',
  ];
  datasource = 'sodav-prometheus';

  constructor(private readonly password: string) {
    this.server = createServer((request, response) => {
      const send = (status: number, body: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      const path = new URL(request.url!, 'http://grafana').pathname;
      if (path === '/api/health') return send(200, { database: 'ok' });
      const expected = `Basic ${Buffer.from(`admin:${this.password}`).toString('base64')}`;
      if (request.headers.authorization !== expected) return send(401, { message: 'Unauthorized' });
      if (path === '/api/datasources') {
        return send(200, [
          { uid: this.datasource, type: 'prometheus', url: 'http://prometheus:9090', isDefault: true },
        ]);
      }
      if (path === '/api/search')
        return send(
          200,
          this.dashboards.map((uid) => ({ uid, title: uid })),
        );
      return send(404, {});
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
