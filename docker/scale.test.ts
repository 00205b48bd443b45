import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import { projectRoot } from '../src/paths';

/** Compose's `!reset` and `!override` say that a value replaces the first file's, instead of being merged with it. */
const replace = ['!reset', '!override'].flatMap((tag) => [
  { tag, resolve: (value: unknown) => value } as unknown as ScalarTag,
  { tag, collection: 'seq', resolve: (value: unknown) => value } as unknown as ScalarTag,
]);
const read = (...path: string[]) =>
  parse(readFileSync(join(projectRoot, ...path), 'utf8'), { merge: true, customTags: replace });

const base = read('compose.yaml');
const scale = read('compose.scale.yaml');

test('what hinders a second backend is taken back: the fixed name, the one port, the one journal', () => {
  const { backend } = scale.services;
  expect(base.services.backend.container_name).toBe('sodav-backend');
  expect(Object.keys(backend).sort()).toEqual(['container_name', 'ports', 'volumes']);
  expect(backend.container_name ?? 'null').toBe('null');
  const text = readFileSync(join(projectRoot, 'compose.scale.yaml'), 'utf8');
  expect(text).toMatch(/ports: !override \['\$\{SODAV_BIND:-127\.0\.0\.1\}:8000-8009:8000'\]/);
  expect(text).toMatch(/volumes: !override \['\/data'\]/);
});

test('Prometheus is started as before, but for its configuration', () => {
  const [usual, scaled] = [base, scale].map(({ services }) => services.prometheus.command as string[]);
  const items =
    (scaled as unknown as { items?: { value: string }[] }).items?.map(({ value }) => value) ?? scaled!;
  expect(items.map((arg) => arg.replace('prometheus.scale.yml', 'prometheus.yml'))).toEqual(usual);
});

test('its configuration is the usual one, with the backend found by DNS', () => {
  const [usual, scaled] = ['prometheus.yml', 'prometheus.scale.yml'].map((name) =>
    read('docker', 'prometheus', name),
  );
  const job = (config: { scrape_configs: { job_name: string }[] }) =>
    config.scrape_configs.find(({ job_name }) => job_name === 'sodav-monitor-backend') as Record<
      string,
      unknown
    >;
  const { dns_sd_configs: found, ...same } = job(scaled);
  const { static_configs: _, ...before } = job(usual);
  expect(same).toEqual(before);
  expect(found).toEqual([{ names: ['backend'], type: 'A', port: 8000, refresh_interval: '15s' }]);
  const others = (config: { scrape_configs: { job_name: string }[] }) => ({
    ...config,
    scrape_configs: config.scrape_configs.filter(({ job_name }) => job_name !== 'sodav-monitor-backend'),
  });
  expect(others(scaled)).toEqual(others(usual));
});
