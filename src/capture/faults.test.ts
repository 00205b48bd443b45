import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeAudio } from '../../test/support/audio';
import { type Ear, until } from '../../test/support/ear';
import { listening, RATE } from '../../test/support/listening';
import { SAMPLE_RATE } from '../audio';

const room = listening();
let mp3: Buffer;
let pace: number;
beforeAll(() => {
  mp3 = encodeAudio('mp3', { seconds: 20 });
  pace = (mp3.length / 20) * RATE;
});

/** The first failure of an address that gives no audio. */
async function failure(url: string): Promise<{ fault: string; detail: string }> {
  const ear = room.listen(url);
  const [failed] = await until(() => ear.failed.length > 0 && ear.failed);
  expect(ear.order.filter((event) => event !== 'failed')).toEqual([]);
  return failed!;
}

const noise = (length: number): Buffer => {
  let state = 12_345;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    }),
  );
};

describe('no audio, and the fault has its name', () => {
  test('nobody listens there', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(await failure(`http://127.0.0.1:${port}/live`)).toMatchObject({ fault: 'unreachable' });
  });

  test('no such name', async () => {
    expect(await failure('http://station.invalid/live')).toMatchObject({ fault: 'unreachable' });
  });

  test('an answer that never comes', async () => {
    const url = room.radio.on('/mute', () => undefined);
    expect(await failure(url)).toMatchObject({
      fault: 'unreachable',
      detail: expect.stringContaining('10 s'),
    });
  });

  test('refused', async () => {
    expect(await failure(`${room.radio.address}/gone`)).toMatchObject({ fault: 'http_error' });
    const busy = room.radio.on('/busy', (_, response) => response.writeHead(503).end());
    expect(await failure(busy)).toMatchObject({
      fault: 'http_error',
      detail: expect.stringContaining('503'),
    });
  });

  test('redirects in a circle, and without end', async () => {
    const go = (path: string, to: string) =>
      room.radio.on(path, (_, response) => response.writeHead(302, { Location: to }).end());
    go('/a', '/b');
    expect(await failure(go('/b', '/a'))).toMatchObject({ fault: 'redirect_loop' });
    for (let i = 0; i < 20; i++) go(`/r${i}`, `/r${i + 1}`);
    expect(await failure(`${room.radio.address}/r0`)).toMatchObject({ fault: 'redirect_loop' });
  });

  test('a page, an image, a text', async () => {
    const page = room.radio.serve('/page', '<html></html>', 'text/html; charset=utf-8');
    expect(await failure(page)).toMatchObject({ fault: 'wrong_content_type' });
    const image = room.radio.serve('/image', Buffer.alloc(100), 'image/png');
    expect(await failure(image)).toMatchObject({ fault: 'wrong_content_type' });
    const text = room.radio.serve('/text', 'Bonjour', 'text/plain');
    expect(await failure(text)).toMatchObject({ fault: 'wrong_content_type' });
  });

  test('playlists of nothing, of themselves, and without end', async () => {
    const empty = room.radio.serve('/empty.m3u', '#EXTM3U\n\n', 'audio/x-mpegurl');
    expect(await failure(empty)).toMatchObject({ fault: 'bad_playlist' });
    const itself = room.radio.serve('/itself.pls', '[playlist]\nFile1=itself.pls\n', 'audio/x-scpls');
    expect(await failure(itself)).toMatchObject({ fault: 'bad_playlist' });
    const endless = room.radio.air('/endless.m3u', {
      bytes: Buffer.from('http://127.0.0.1:1/x\n'),
      contentType: 'audio/x-mpegurl',
      pace: 5_000_000,
    });
    expect(await failure(endless)).toMatchObject({ fault: 'bad_playlist' });
  });

  test('noise that calls itself MP3, and Ogg', async () => {
    const bytes = noise(400_000);
    const url = room.radio.air('/noise', { bytes, contentType: 'audio/mpeg', pace: 2_000_000 });
    expect(await failure(url)).toMatchObject({ fault: 'garbage' });
    const ogg = Buffer.concat([Buffer.from('OggS'), bytes]);
    const url2 = room.radio.air('/ogg', { bytes: ogg, contentType: 'audio/ogg', pace: 2_000_000 });
    expect(await failure(url2)).toMatchObject({ fault: 'garbage' });
    const zeros = Buffer.alloc(400_000);
    const url3 = room.radio.air('/zeros', { bytes: zeros, contentType: 'audio/mpeg', pace: 2_000_000 });
    expect(await failure(url3)).toMatchObject({ fault: 'garbage' });
  });

  test('a page under the name of MP3, drop by drop', async () => {
    const bytes = Buffer.from('<p>maintenance</p>\n');
    const url = room.radio.air('/drops', { bytes, contentType: 'audio/mpeg', pace: 500 });
    expect(await failure(url)).toMatchObject({ fault: expect.stringMatching(/^(stall|garbage)$/) });
  });

  test('nothing after the head', async () => {
    const url = room.radio.on('/head', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'audio/mpeg' }).flushHeaders();
    });
    expect(await failure(url)).toMatchObject({ fault: 'stall' });
  });

  test('passwords stay out of every detail', async () => {
    const url = new URL(`${room.radio.address}/gone?token=tresor&x=1`);
    [url.username, url.password] = ['moi', 'sesame'];
    const { detail } = await failure(url.href);
    expect(detail).toContain('/gone');
    expect(detail).not.toMatch(/sesame|moi@|tresor/);
    expect(room.radio.requests[0]!.headers.authorization).toBe(`Basic ${btoa('moi:sesame')}`);
  });
});

describe('audio that stops', () => {
  /** Listens until the first failure; gives the ear, checked: the session ended before, with the same fault. */
  async function stopped(url: string): Promise<Ear> {
    const ear = room.listen(url);
    await until(() => ear.failed.length > 0);
    expect(ear.order.slice(-2)).toEqual(['ended', 'failed']);
    expect(ear.ended[0]!.fault).toBe(ear.failed[0]!.fault);
    expect(ear.ended[0]!.samples).toBe(ear.samples().length);
    return ear;
  }

  test('closed by the station, then heard again in a new session', async () => {
    const url = room.radio.air('/live', {
      bytes: mp3,
      contentType: 'audio/mpeg',
      pace,
      endAfter: mp3.length / 2,
    });
    const ear = await stopped(url);
    expect(ear.failed[0]).toMatchObject({ fault: 'ended', retryInMs: 500 });
    expect(ear.samples().length).toBeGreaterThan(9.5 * SAMPLE_RATE);
    await until(() => ear.started.length === 2);
    expect(ear.started[1]!.sessionId).not.toBe(ear.started[0]!.sessionId);
  });

  test('a stall of 15 s: every sample before it is told', async () => {
    const url = room.radio.air('/live', { bytes: mp3, contentType: 'audio/mpeg', pace, stallAfter: 80_000 });
    const ear = await stopped(url);
    expect(ear.failed[0]!.fault).toBe('stall');
    expect(ear.samples().length).toBeGreaterThan(4.5 * SAMPLE_RATE);
  });

  test('noise after music is garbage, and almost none of it is heard', async () => {
    const bytes = Buffer.concat([mp3, noise(1_000_000)]);
    const ear = await stopped(room.radio.air('/live', { bytes, contentType: 'audio/mpeg', pace }));
    expect(ear.failed[0]!.fault).toBe('garbage');
    expect(ear.samples().length).toBeLessThan(20.3 * SAMPLE_RATE);
  });

  test('the wait grows while there is little audio, and is short again after ten seconds of it', async () => {
    let good = false;
    room.radio.on('/live', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'audio/mpeg' });
      response.end(good ? mp3 : mp3.subarray(0, 30_000));
    });
    const ear = room.listen(`${room.radio.address}/live`);
    await until(() => ear.failed.length >= 3);
    expect(ear.failed.slice(0, 3).map(({ retryInMs }) => retryInMs)).toEqual([500, 1000, 2000]);
    good = true;
    const seen = ear.failed.length;
    await until(() => ear.failed.slice(seen).some(({ retryInMs }) => retryInMs === 500));
  });
});

describe('ways to a stream', () => {
  test('redirect, M3U and PLS, the dead entry first', async () => {
    const live = room.radio.air('/live', { bytes: mp3, contentType: 'audio/mpeg', pace });
    room.radio.serve(
      '/list.pls',
      `[playlist]\nFile1=/dead\nFile2=${live}\nNumberOfEntries=2\n`,
      'audio/x-scpls',
    );
    room.radio.serve('/list.m3u', '#EXTM3U\r\n#EXTINF:-1,Essai\r\nlist.pls\r\n', 'text/plain');
    const url = room.radio.on('/here', (_, response) =>
      response.writeHead(301, { Location: '/list.m3u' }).end(),
    );
    const ear = room.listen(url);
    await until(() => ear.started.length === 1);
    expect(ear.started[0]!.url).toBe(live);
  });

  test('a Shoutcast v1 server that answers ICY 200 OK', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(
          'ICY 200 OK\r\nicy-name:Vieille radio\r\ncontent-type:audio/mpeg\r\nicy-metaint:8192\r\n\r\n',
        );
        for (let at = 0; at < mp3.length; at += 8192) {
          const title = at === 0 ? "StreamTitle='L'été à Saint-Louis';" : '';
          const block = Buffer.alloc(Math.ceil(title.length / 16) * 16);
          block.write(title, 'latin1');
          const part = mp3.subarray(at, at + 8192);
          socket.write(
            Buffer.concat([part, ...(part.length === 8192 ? [Buffer.from([block.length / 16]), block] : [])]),
          );
        }
        socket.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ear = room.listen(`http://127.0.0.1:${(server.address() as AddressInfo).port}/;`);
    await until(() => ear.ended.length === 1);
    await room.stopAll();
    server.close();
    expect(ear.samples().length).toBeGreaterThan(19.8 * SAMPLE_RATE);
    expect(ear.titles[0]!.title).toBe("L'été à Saint-Louis");
  });

  test('a file sent as fast as the line allows is read no faster than two minutes ahead', async () => {
    const url = room.radio.air('/file', { bytes: mp3, contentType: 'audio/mpeg', pace: mp3.length * 15 });
    const ear = room.listen(url);
    const startedAt = room.clock.now();
    await until(() => ear.heard > 120 * SAMPLE_RATE);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const aheadS = ear.samples().length / SAMPLE_RATE - (room.clock.now() - startedAt) / 1000;
    expect(aheadS).toBeLessThan(160);
    expect(ear.failed).toEqual([]);
  });
});
