import { afterEach, describe, expect, test } from 'vitest';
import { ownServer } from '../../test/support/database';
import { scrape } from '../../test/support/telemetry';
import { renderMetrics } from '../telemetry';
import type { GaugeKey } from './catalogue';
import { type Collector, registerCollector } from './collectors';

const registrations: (() => void)[] = [];
afterEach(() => {
  for (const remove of registrations.splice(0)) remove();
});

function register<const K extends GaugeKey>(collector: Collector<K>): void {
  registrations.push(registerCollector(collector));
}

const success = (collector: string) => ['sodav_collector_success', { collector }] as const;

describe('a collector', () => {
  test('gives its gauges at every scrape', async () => {
    let tracks = 3;
    register({
      name: 'library',
      metrics: ['trackCount'],
      collect: (observe) => observe('trackCount', tracks),
    });
    expect((await scrape()).value('sodav_track_count')).toBe(3);
    tracks = 4;
    const exposition = await scrape();
    expect(exposition.value('sodav_track_count')).toBe(4);
    expect(exposition.value(...success('library'))).toBe(1);
    expect(exposition.value('sodav_collector_duration_seconds', { collector: 'library' })).toBeLessThan(1);
  });

  test('that fails leaves its series absent, says so, and hurts nobody else', async () => {
    let broken = false;
    register({
      name: 'library',
      metrics: ['trackCount', 'artistCount'],
      async collect(observe) {
        observe('trackCount', 3);
        if (broken) throw new Error('no database');
        observe('artistCount', 2);
      },
    });
    register({ name: 'journal', metrics: ['journalEntries'], collect: (o) => o('journalEntries', 0) });
    expect((await scrape()).value('sodav_artist_count')).toBe(2);
    broken = true;
    const failed = await scrape();
    expect(failed.value('sodav_track_count')).toBeUndefined();
    expect(failed.value('sodav_artist_count')).toBeUndefined();
    expect(failed.value(...success('library'))).toBe(0);
    expect(failed.value('sodav_play_journal_entries')).toBe(0);
    broken = false;
    expect((await scrape()).value('sodav_track_count')).toBe(3);
  });

  test('that hangs is given up in time and never started twice', async () => {
    let started = 0;
    let answer: () => void = () => undefined;
    register({
      name: 'recognition',
      metrics: ['indexTracks'],
      timeoutMs: 100,
      async collect(observe) {
        started++;
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        observe('indexTracks', 1);
      },
    });
    const before = Date.now();
    const texts = [await scrape(), await scrape()];
    expect(Date.now() - before).toBeLessThan(1_500);
    for (const exposition of texts) {
      expect(exposition.value('sodav_index_tracks')).toBeUndefined();
      expect(exposition.value(...success('recognition'))).toBe(0);
    }
    expect(started).toBe(1);
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    const again = scrape();
    await expect.poll(() => started).toBe(2);
    answer();
    expect((await again).value('sodav_index_tracks')).toBe(1);
  });

  test('that answers with no number counts as failed', async () => {
    register({ name: 'journal', metrics: ['journalBytes'], collect: (o) => o('journalBytes', Number.NaN) });
    const exposition = await scrape();
    expect(exposition.value('sodav_play_journal_bytes')).toBeUndefined();
    expect(exposition.value(...success('journal'))).toBe(0);
  });

  test('that stops naming a station takes its series away', async () => {
    let stations = ['Dakar FM', 'Radio "Sénégal" \\ 1\n2'];
    register({
      name: 'stations',
      metrics: ['stationReconnects'],
      collect: (o) => {
        for (const station of stations) o('stationReconnects', 1, { station });
      },
    });
    const names = async () =>
      (await scrape()).samples('sodav_station_reconnects').map(({ labels }) => labels.station);
    expect(await names()).toEqual(stations);
    stations = ['Dakar FM'];
    expect(await names()).toEqual(['Dakar FM']);
  });

  test('has a name of its own', () => {
    register({ name: 'library', metrics: [], collect: () => undefined });
    expect(() => register({ name: 'library', metrics: [], collect: () => undefined })).toThrow(/library/);
  });
});

test('with PostgreSQL stopped its gauges vanish within two seconds, and come back with it', async () => {
  const server = await ownServer();
  try {
    register({
      name: 'library',
      metrics: ['trackCount', 'artistCount'],
      async collect(observe) {
        for (const [key, table] of [
          ['trackCount', 'tracks'],
          ['artistCount', 'artists'],
        ] as const) {
          const [row] = await server.knex(table).count<{ count: string }[]>();
          observe(key, Number(row!.count));
        }
      },
    });
    await server.knex('artists').insert([{ name: 'A', name_key: 'a' }]);
    expect((await scrape()).value('sodav_artist_count')).toBe(1);
    expect((await scrape()).value('sodav_track_count')).toBe(0);
    await server.stop();
    const before = Date.now();
    const down = await scrape();
    expect(Date.now() - before).toBeLessThan(2_000);
    expect(down.value('sodav_artist_count')).toBeUndefined();
    expect(down.value(...success('library'))).toBe(0);
    await server.start();
    await expect
      .poll(async () => (await scrape()).value('sodav_artist_count'), { timeout: 60_000, interval: 200 })
      .toBe(1);
  } finally {
    await server.destroy();
  }
});

test('a rendering is shared by those who ask at once', async () => {
  let read = 0;
  register({
    name: 'library',
    metrics: ['trackCount'],
    async collect(observe) {
      read++;
      await new Promise((resolve) => setTimeout(resolve, 30));
      observe('trackCount', read);
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 120));
  const texts = await Promise.all(Array.from({ length: 20 }, () => renderMetrics()));
  expect(new Set(texts).size).toBe(1);
  expect(read).toBe(1);
});
