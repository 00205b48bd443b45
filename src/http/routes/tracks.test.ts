import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encodeAudio } from '../../../test/support/audio';
import { startApp, type TestApp } from '../../../test/support/http-app';
import { tune } from '../../../test/support/music';
import { AnalyserPool } from '../../library/analyser/pool';
import { Importer } from '../../library/importer';
import { LibraryStore } from '../../library/store';
import { FINGERPRINT_VERSION } from '../../recognition/local/params';
import { UPLOAD_LIMIT_BYTES } from '../upload';

let app: TestApp;
const analyser = new AnalyserPool({ processes: 1 });
beforeAll(async () => {
  app = await startApp(({ knex }) => {
    const store = new LibraryStore(knex);
    const importer = new Importer({ store, analyser, version: FINGERPRINT_VERSION });
    return {
      library: {
        search: (query) => store.search(query),
        get: (id) => store.get(id),
        delete: (id) => store.delete(id),
        importFile: (path, options) => importer.importFile(path, options),
      },
    };
  });
});
afterAll(async () => {
  await analyser.stop();
  await app.stop();
});

const wav = (seed: number, s: number) => encodeAudio('wav', { samples: tune(seed, s, 22_050) });

function form(bytes: Buffer, name: string, part = 'file'): FormData {
  const body = new FormData();
  body.append(part, new Blob([new Uint8Array(bytes)]), name);
  return body;
}

const upload = (body: FormData) => app.call('/api/tracks', { method: 'POST', body });
const stored = async () => Number((await app.deps.knex('tracks').count({ n: '*' }))[0]!.n);

afterEach(() => {
  const folder = app.deps.settings.uploadDir;
  if (existsSync(folder)) expect(readdirSync(folder)).toEqual([]);
});

test('a file becomes a track once, is found, shown and removed', async () => {
  const bytes = wav(40, 12);
  const first = await upload(form(bytes, 'C:\\Musique\\Baaba Maal - Ndéwti.wav'));
  const { track, status } = (await first.json()) as { track: { id: number; title: string }; status: string };
  expect([first.status, status]).toEqual([201, 'imported']);
  expect(first.headers.get('location')).toBe(`/api/tracks/${track.id}`);
  expect(track).toMatchObject({ source: 'upload', duration_s: 12, fingerprinted: true, simulated: false });
  expect(track.title).toContain('Ndéwti');

  const again = await upload(form(bytes, 'autre nom.wav'));
  expect([again.status, ((await again.json()) as { status: string }).status]).toEqual([200, 'known']);

  const found = await (await app.call('/api/tracks?q=ndewti')).json();
  expect(found).toMatchObject({ total: 1, page: 1, tracks: [{ id: track.id }] });
  expect(await (await app.call('/api/tracks?q=ndewti&page=2')).json()).toMatchObject({ tracks: [] });

  expect((await app.call(`/api/tracks/${track.id}`, { method: 'DELETE' })).status).toBe(204);
  expect((await app.call(`/api/tracks/${track.id}`)).status).toBe(404);
  expect((await app.call(`/api/tracks/${track.id}`, { method: 'DELETE' })).status).toBe(404);
});

describe('refused, with nothing left behind', () => {
  test('what is not audio', async () => {
    const answer = await upload(form(Buffer.from('<html>'.repeat(500)), 'song.mp3'));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(await answer.json()).toMatchObject({ error: { code: 'unreadable_audio' } });
    expect(await stored()).toBe(0);
  });

  test('wrong parts', async () => {
    const two = form(wav(20, 1), 'a.wav');
    two.append('file', new Blob(['x']), 'b.wav');
    const field = form(wav(20, 1), 'a.wav');
    field.append('title', 'x');
    for (const body of [form(wav(20, 1), 'a.wav', 'other'), two, field, new FormData()]) {
      const answer = await upload(body);
      expect(answer.status).toBe(400);
    }
    expect(await stored()).toBe(0);
  });

  test('no multipart, no boundary, half a body', async () => {
    const send = (type: string, body: string) =>
      app.call('/api/tracks', { method: 'POST', headers: { 'Content-Type': type }, body });
    expect((await send('application/json', '{}')).status).toBe(415);
    expect((await send('multipart/form-data', 'x')).status).toBe(415);
    expect((await send('multipart/form-data; boundary=', 'x')).status).toBe(400);
    expect((await send('multipart/form-data; boundary=b', '--b\r\nnot a header')).status).toBe(400);
    expect(
      (
        await send(
          'multipart/form-data; boundary=b',
          '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nhalf',
        )
      ).status,
    ).toBe(400);
  });

  test('a file that is too large, by what it says and by what it is', async () => {
    const { port } = new URL(app.url);
    const head = (length: string) =>
      `POST /api/tracks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${app.token}\r\nConnection: close\r\n` +
      `Content-Type: multipart/form-data; boundary=b\r\n${length}\r\n\r\n`;
    const status = (text: string, pieces = 0) =>
      new Promise<string>((resolve, reject) => {
        let answer = '';
        const socket = connect(Number(port), '127.0.0.1', async () => {
          socket.write(text);
          const closed = once(socket, 'close');
          const piece = Buffer.alloc(1_000_000);
          const chunk = Buffer.concat([
            Buffer.from(`${piece.length.toString(16)}\r\n`),
            piece,
            Buffer.from('\r\n'),
          ]);
          for (let i = 0; i < pieces && socket.writable; i++) {
            if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed]);
          }
          if (pieces > 0 && socket.writable) socket.write('7\r\n\r\n--b--\r\n0\r\n\r\n');
        });
        socket.on('data', (data) => {
          answer += data.toString();
        });
        socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
        socket.on('close', () => resolve(answer));
      });
    expect(await status(head(`Content-Length: ${UPLOAD_LIMIT_BYTES * 10}`))).toMatch(/^HTTP\/1\.1 413 /);
    const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n';
    const first = `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`;
    const answer = await status(
      head('Transfer-Encoding: chunked') + first,
      UPLOAD_LIMIT_BYTES / 1_000_000 + 1,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(await stored()).toBe(0);
  });

  test('without a token, before a byte of the file is kept', async () => {
    const answer = await fetch(`${app.url}/api/tracks`, {
      method: 'POST',
      body: form(wav(30, 1), 'a.wav'),
    });
    expect(answer.status).toBe(401);
    expect(await stored()).toBe(0);
  });

  test('a client that goes away in the middle', async () => {
    const { port } = new URL(app.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /api/tracks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${app.token}\r\n` +
            'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000\r\n\r\n' +
            `--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n${'x'.repeat(100_000)}`,
          () => setTimeout(() => socket.destroy(), 50),
        );
      });
      socket.on('close', () => resolve());
    });
    await expect.poll(() => readdirSync(app.deps.settings.uploadDir), { timeout: 60_000 }).toEqual([]);
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
  });
});

test('performers are listed with what they have', async () => {
  const store = new LibraryStore(app.deps.knex);
  await store.addRecording({ title: 'A', artists: ['Ismaël Lô'], source: 'import' });
  await store.addRecording({ title: 'B', artists: ['Ismaël Lô', 'Orchestra Baobab'], source: 'import' });
  expect(await (await app.call('/api/artists?q=ISMAEL')).json()).toMatchObject({
    total: 1,
    artists: [{ name: 'Ismaël Lô', tracks: 2, plays: 0 }],
  });
  expect(await (await app.call('/api/artists?page_size=1&page=2')).json()).toMatchObject({
    total: 2,
    artists: [{ name: 'Orchestra Baobab', tracks: 1 }],
  });
});
