import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlayView } from '../../src/http/play-view';
import { runCommand } from '../support/command';
import { freshDatabase } from '../support/database';
import { eventually } from '../support/eventually';
import { Icecast } from '../support/icecast';
import { installed } from '../support/installed';
import { Service } from '../support/service-process';

const MUSIC = '/usr/share/games/wesnoth/1.16/data/core/music';
/** Pieces by different hands: half of them go into the library, the other half does not. */
const KNOWN = ['elvish-theme', 'knolls', 'the_dangerous_symphony', 'wanderer'];
const UNKNOWN = ['casualties_of_war', 'breaking_the_chains', 'northerners', 'revelation'];
/** Of each piece, seconds. */
const PIECE_S = 40;
/** How far bounds may be off, seconds: what the log promises, and how late the encoder lets go of its sound. */
const LIMIT_S = 3 + 1.5;

const music = [...KNOWN, ...UNKNOWN].every((name) => existsSync(join(MUSIC, `${name}.ogg`)));
if (!music) console.warn('\n⚠ wesnoth-1.16-music is not installed: its test is SKIPPED. See .ci/run.\n');
const here = installed('icecast2', 'ffmpeg') && music;

/** What a mount broadcasts: pieces one after the other, in real time. */
interface Mount {
  readonly path: string;
  readonly encoder: readonly string[];
  readonly pieces: readonly string[];
}
const MOUNTS: readonly Mount[] = [
  {
    path: '/mp3',
    encoder: ['-c:a', 'libmp3lame', '-b:a', '128k', '-content_type', 'audio/mpeg', '-f', 'mp3'],
    pieces: [KNOWN[0]!, UNKNOWN[0]!],
  },
  {
    path: '/aac',
    encoder: ['-c:a', 'aac', '-b:a', '96k', '-content_type', 'audio/aac', '-f', 'adts'],
    pieces: [UNKNOWN[1]!, KNOWN[1]!],
  },
  {
    path: '/vorbis',
    encoder: ['-c:a', 'libvorbis', '-q:a', '3', '-content_type', 'application/ogg', '-f', 'ogg'],
    pieces: [KNOWN[2]!, UNKNOWN[2]!],
  },
  {
    path: '/opus',
    encoder: ['-c:a', 'libopus', '-b:a', '64k', '-content_type', 'application/ogg', '-f', 'ogg'],
    pieces: [UNKNOWN[3]!, KNOWN[3]!],
  },
];

describe.skipIf(!here)('a real Icecast with real music, in real time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-e2e-icecast-'));
  const dataDir = join(folder, 'data');
  const piece = (name: string) => join(folder, 'pieces', `${name}.ogg`);
  const programme = ({ path }: Mount) => join(folder, 'pieces', `${path.slice(1)}.flac`);
  const sources: ChildProcess[] = [];
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let icecast: Icecast;
  let service: Service;

  beforeAll(async () => {
    mkdirSync(join(folder, 'pieces'));
    mkdirSync(join(folder, 'library'));
    for (const name of [...KNOWN, ...UNKNOWN]) {
      // From 20 s on: no quiet beginnings.
      ffmpeg(
        '-ss',
        '20',
        '-t',
        String(PIECE_S),
        '-i',
        join(MUSIC, `${name}.ogg`),
        '-map_metadata',
        '-1',
        piece(name),
      );
    }
    for (const name of KNOWN) {
      const tags = ['-metadata', `TITLE=${name}`, '-metadata', 'ARTIST=The Battle for Wesnoth'];
      ffmpeg('-i', piece(name), '-c:a', 'flac', ...tags, join(folder, 'library', `${name}.flac`));
    }
    for (const mount of MOUNTS) {
      const inputs = mount.pieces.flatMap((name) => ['-i', piece(name)]);
      const joined = mount.pieces.map((_, i) => `[${i}:a]`).join('');
      const filter = `${joined}concat=n=${mount.pieces.length}:v=0:a=1`;
      ffmpeg(...inputs, '-filter_complex', filter, '-c:a', 'flac', programme(mount));
    }
    database = await freshDatabase();
    icecast = await Icecast.start();
  }, 300_000);
  afterAll(async () => {
    await service?.stop();
    for (const source of sources) {
      if (source.exitCode !== null || source.signalCode !== null) continue;
      const gone = new Promise((resolve) => source.once('exit', resolve));
      source.kill('SIGKILL');
      await gone;
    }
    await icecast?.stop();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  test('the half that was imported is recognised, the other half is kept as unknown', async () => {
    const environment = { DATABASE_URL: database.url, DEMO: 'off', DATA_DIR: dataDir };
    const imported = await runCommand('src/library/import-command', [join(folder, 'library')], environment);
    expect(imported, imported.stderr).toMatchObject({ status: 0 });
    service = await Service.start(dataDir, environment);

    const startedAt = new Map<string, number>();
    for (const mount of MOUNTS) {
      const source = spawn(
        'ffmpeg',
        [
          ...['-hide_banner', '-loglevel', 'info', '-nostats', '-nostdin', '-re', '-i', programme(mount)],
          ...mount.encoder,
          `icecast://source:secret@127.0.0.1:${icecast.port}${mount.path}`,
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      sources.push(source);
      // Starting takes it a second or more on a busy machine. It describes its output, then it sends.
      source.stderr.setEncoding('utf8').on('data', (said: string) => {
        if (said.includes('Output #0')) startedAt.set(mount.path, Date.now());
      });
    }
    await eventually(60_000, () => startedAt.size === MOUNTS.length);
    for (const { path } of MOUNTS) {
      await eventually(60_000, async () => (await icecast.status()).includes(`${icecast.port}${path}"`));
      await service.addStation(path, icecast.address + path);
    }

    const aired = MOUNTS.flatMap(({ path, pieces }) =>
      pieces.map((name, i) => ({ path, name, fromMs: startedAt.get(path)! + i * PIECE_S * 1_000 })),
    );
    const overlapS = (play: PlayView, { fromMs }: { fromMs: number }) =>
      (Math.min(Date.parse(play.ended_at), fromMs + PIECE_S * 1_000) -
        Math.max(Date.parse(play.started_at), fromMs)) /
      1_000;
    let plays: PlayView[] = [];
    const told = () =>
      aired.map((song) => ({
        ...song,
        plays: plays.filter((play) => play.station.name === song.path && overlapS(play, song) > PIECE_S / 2),
      }));
    await eventually(
      180_000,
      async () => {
        plays = await service.plays();
        return told().every((song) => song.plays.some(({ status }) => status !== 'open'));
      },
      () => JSON.stringify(told(), null, 1),
    );
    for (const { name, plays: of, fromMs } of told()) {
      const expected = KNOWN.includes(name)
        ? { kind: 'track', method: 'local', track: expect.objectContaining({ title: name }) }
        : { kind: 'unknown' };
      expect([name, of]).toEqual([name, [expect.objectContaining(expected)]]);
      const startS = (Date.parse(of[0]!.started_at) - fromMs) / 1_000;
      const endS = (Date.parse(of[0]!.ended_at) - fromMs) / 1_000 - PIECE_S;
      expect([name, startS, Math.abs(startS) < LIMIT_S]).toEqual([name, startS, true]);
      expect([name, endS, Math.abs(endS) < LIMIT_S]).toEqual([name, endS, true]);
    }
    const named = plays.flatMap(({ track }) => track?.title ?? []);
    expect(named.toSorted()).toEqual(KNOWN.toSorted());
  }, 300_000);
});

function ffmpeg(...args: string[]): void {
  const { status, stderr } = spawnSync('ffmpeg', [
    '-hide_banner',
    '-loglevel',
    'error',
    '-nostdin',
    '-y',
    ...args,
  ]);
  if (status !== 0) throw new Error(`ffmpeg: ${stderr}`);
}
