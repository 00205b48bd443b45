import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually';
import { Service } from '../support/service-process';

interface Tracks {
  readonly total: number;
  readonly tracks: readonly { id: number; title: string }[];
}

describe('with nothing configured', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sodav-e2e-start-'));
  let service: Service | undefined;
  afterAll(async () => {
    await service?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 300_000);

  test('a demonstration recognises a song, and goes on where it was on the second start', async () => {
    service = await Service.start(dataDir, {});
    const first = service;
    const play = await eventually(
      240_000,
      async () => (await first.plays()).find(({ kind }) => kind === 'track'),
      () => first.log,
    );
    expect(play.station).toMatchObject({ name: expect.stringContaining('simulée'), simulated: true });
    expect(play.track!.title).toContain('simulé');
    expect(first.log).toContain('DÉMONSTRATION');
    expect(first.log).toContain(`${first.url}/api/metrics`);

    const page = await fetch(first.url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('simulée');
    const tracks = await first.get<Tracks>('/api/tracks?page_size=500');
    // A song of one station may be in the log before the last of them is heard.
    const scrape = await eventually(60_000, async () => {
      const metrics = await first.metrics();
      return metrics.value('sodav_active_stations') === 3 && metrics;
    });
    expect(tracks.tracks.length).toBeGreaterThan(5);
    expect(scrape.value('sodav_track_count')).toBe(tracks.tracks.length);
    expect(scrape.value('sodav_active_stations')).toBe(3);
    expect(
      scrape.value('sodav_detections_total', { detection_method: 'local', status: 'success' }),
    ).toBeGreaterThan(0);

    const before = await first.plays();
    expect(await first.stop()).toMatchObject({ status: 0, signal: null });

    service = await Service.start(dataDir, {});
    const second = service;
    const ids = async () => (await second.plays()).map(({ id }) => id);
    expect(await ids()).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
    const again = await second.get<Tracks>('/api/tracks?page_size=500');
    expect(again.tracks.map(({ id }) => id)).toEqual(tracks.tracks.map(({ id }) => id));
    const stations = await eventually(60_000, async () => {
      const all = await second.stations();
      return all.every(({ state }) => state === 'listening') && all;
    });
    expect(stations.map(({ name }) => name)).toHaveLength(3);
    expect(await second.stop()).toMatchObject({ status: 0, signal: null });
  }, 300_000);
});
