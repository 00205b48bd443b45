import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { definitions } from '../../otel/metrics/catalogue';
import type { Definition } from '../../otel/metrics/catalogue/define';

/** Values of labels whose set is not closed. */
const BOUNDED: Record<string, readonly string[]> = {
  endpoint: ['/api/plays', '/api/stations', '/api/tracks/:id', '/', 'unmatched'],
  status: ['200', '401', '404', '500'],
  table: ['plays', 'tracks', 'artists', 'stations'],
  station: ['Radio Teranga', 'Dakar FM', 'Sud Musique', 'Walf'],
  collector: ['library', 'stations', 'recognition', 'journal', 'build'],
  version: ['0.1.0'],
  node: ['v24.21.0'],
  space: ['old_space', 'new_space'],
};

const SHARE: Record<string, number> = { 500: 0.002, 404: 0.05, 401: 0.02, 200: 1, success: 0.5, no_match: 1 };

/** A measured-looking page of every metric in the catalogue, for tests of what reads it; never part of the service. */
export class Exporter {
  private readonly started = Date.now();
  private server: Server | undefined;
  /** What the next readings say instead of a metric's own value; `undefined` leaves the metric away. */
  readonly instead = new Map<string, number | undefined>();
  token: string | undefined;
  ready = true;
  /** Appended to the page as it is. */
  extra = '';

  constructor(private readonly secondsBefore = 0) {}

  async listen(port = 0): Promise<string> {
    this.server = createServer((request, response) => {
      if (request.url === '/health/ready') {
        response.statusCode = this.ready ? 200 : 503;
        response.end(
          JSON.stringify(
            this.ready ? { status: 'ok' } : { checks: { database: { reason_fr: 'la base ne répond pas' } } },
          ),
        );
      } else if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
        response.statusCode = 401;
        response.end();
      } else {
        response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
        response.end(this.page());
      }
    });
    await new Promise<void>((resolve) => this.server!.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.server?.closeAllConnections();
    return new Promise((resolve) =>
      this.server === undefined ? resolve() : this.server.close(() => resolve()),
    );
  }

  page(now = Date.now()): string {
    const seconds = this.secondsBefore + (now - this.started) / 1_000;
    const lines = definitions.flatMap((definition) => {
      if (this.instead.has(definition.name) && this.instead.get(definition.name) === undefined) return [];
      return [
        `# HELP ${definition.name} ${definition.help.en}`,
        `# TYPE ${definition.name} ${definition.kind}`,
        ...labelSets(definition).flatMap((labels) => this.samples(definition, labels, seconds, now)),
      ];
    });
    return `${lines.join('\n')}\n${this.extra}`;
  }

  private samples(
    definition: Definition,
    labels: Record<string, string>,
    seconds: number,
    now: number,
  ): string[] {
    const { name, kind, buckets } = definition;
    const line = (suffix: string, value: number, extra: Record<string, string> = {}) => {
      const all = Object.entries({ ...labels, ...extra }).map(([key, text]) => `${key}="${text}"`);
      return `${name}${suffix}${all.length > 0 ? `{${all.join(',')}}` : ''} ${value}`;
    };
    const weight = Object.values(labels).reduce((product, value) => product * (SHARE[value] ?? 0.3), 1);
    const count = Math.floor(seconds * weight * (1 + 0.3 * Math.sin(seconds / 300)));
    if (kind === 'counter') return [line('', this.instead.get(name) ?? Math.max(0, count))];
    if (kind === 'gauge') return [line('', this.instead.get(name) ?? gauge(name, labels, seconds, now))];
    const bounds = buckets ?? [];
    const middle = (bounds.length - 1) * (name.includes('confidence') ? 0.75 : 0.4);
    const within = (index: number) => Math.floor(count / (1 + Math.exp(-(index - middle) * 1.5)));
    return [
      ...bounds.map((bound, index) => line('_bucket', within(index), { le: String(bound) })),
      line('_bucket', count, { le: '+Inf' }),
      line('_sum', count * (bounds[Math.floor(middle)] ?? 0)),
      line('_count', count),
    ];
  }
}

function gauge(name: string, labels: Record<string, string>, seconds: number, now: number): number {
  const wave = Math.sin(seconds / 200);
  if (name.endsWith('last_audio_timestamp_seconds'))
    return now / 1_000 - (labels.station === 'Walf' ? 900 : 2);
  if (name.endsWith('last_detection_timestamp_seconds'))
    return now / 1_000 - 40 - labels.station!.length * 20;
  if (name.endsWith('_timestamp_seconds')) return Math.floor(now / 1_000 - seconds - 3_600);
  if (name === 'sodav_station_state')
    return labels.state === (labels.station === 'Walf' ? 'lost' : 'listening') ? 1 : 0;
  if (name === 'sodav_stations') return { listening: 3, lost: 1 }[labels.state!] ?? 0;
  if (name === 'sodav_station_coverage_ratio') return labels.station === 'Walf' ? 0.82 : 0.995;
  const known: Record<string, number> = {
    sodav_active_stations: 3,
    sodav_track_count: 1_240,
    sodav_artist_count: 312,
    sodav_index_tracks: 1_240,
    sodav_index_bytes: 92e6,
    sodav_collector_success: 1,
    sodav_collector_duration_seconds: 0.004,
    sodav_build_info: 1,
    sodav_play_journal_entries: 0,
    sodav_play_journal_bytes: 4_096,
    sodav_recognition_backlog_seconds: 3 + 2 * wave,
    sodav_recognition_queue_length: 4,
    sodav_audd_budget_remaining: 240,
    sodav_memory_usage_bytes: 610e6 + 30e6 * wave,
    sodav_cpu_usage_percent: 22 + 8 * wave,
    sodav_station_reconnects: labels.station === 'Walf' ? 6 : 1,
    nodejs_eventloop_utilization_ratio: 0.15,
    nodejs_eventloop_delay_p99_seconds: 0.012,
    v8js_memory_heap_used_bytes: 60e6,
  };
  return known[name] ?? 0;
}

function labelSets(definition: Definition): Record<string, string>[] {
  if (definition.initial !== undefined && definition.name.startsWith('sodav_external'))
    return definition.initial.map((set) => ({ ...set }));
  return Object.entries(definition.labels).reduce<Record<string, string>[]>(
    (sets, [label, kind]) => {
      const values = 'values' in kind ? kind.values : BOUNDED[label];
      if (values === undefined) throw new Error(`no values for the label ${label} of ${definition.name}`);
      const few = label === 'method' ? ['GET', 'POST'] : values;
      return sets.flatMap((set) => few.map((value) => ({ ...set, [label]: value })));
    },
    [{}],
  );
}
