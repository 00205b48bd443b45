import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { referenceFile } from './library';
import type { Broadcast } from './live/broadcast';
import { FAULTS } from './live/faults';

const faultRequest = z.object({
  mount: z.string(),
  fault: z.enum(FAULTS),
  seconds: z.number().min(0).max(86_400),
});
const time = z.coerce.number().int().min(0).optional();
const truthRequest = z.object({ station: z.string().optional(), from: time, to: time });

/** A broadcast over HTTP: the streams, the truth about them, the reference library, and faults on request. */
export class SimulatorServer {
  private readonly server: Server;

  constructor(private readonly broadcast: Broadcast) {
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.headersTimeout = 10_000;
  }

  /** The broadcast begins. Resolves with the port. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => resolve());
    });
    this.broadcast.begin();
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await this.broadcast.end();
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.route(request, response);
    } catch (error) {
      const wrong = error instanceof z.ZodError;
      if (!response.headersSent) response.writeHead(wrong ? 400 : 500, { 'content-type': 'text/plain' });
      response.end(wrong ? error.message : 'internal error');
      if (!wrong) process.stderr.write(`simulateur : ${(error as Error).stack}\n`);
    }
  }

  private route(request: IncomingMessage, response: ServerResponse): void {
    const base = `http://${request.headers.host ?? 'localhost'}`;
    const { pathname, searchParams } = new URL(request.url ?? '/', base);
    const name = decodeURIComponent(pathname.slice(1));
    const reference = /^library\/([a-z0-9]+)\.flac$/.exec(name)?.[1];
    const playlist = /^(.+)\.(m3u|pls)$/.exec(name);
    const mount = this.broadcast.mounts.get(name);
    if (name === 'faults' && request.method === 'POST') this.takeFault(request, response);
    else if (request.method !== 'GET') send(response, 405, 'method not allowed');
    else if (name === 'stations.json') send(response, 200, this.stations(base));
    else if (name === 'truth.json') send(response, 200, this.truth(Object.fromEntries(searchParams)));
    else if (name === 'library.json') this.sendLibrary(response);
    else if (reference !== undefined) this.sendReference(reference, response);
    else if (mount !== undefined) {
      mount.connect(response, { icy: request.headers['icy-metadata'] === '1', path: pathname });
    } else if (playlist !== null && this.broadcast.mounts.has(playlist[1]!)) {
      sendPlaylist(response, `${base}/${playlist[1]}`, playlist[2] === 'pls');
    } else send(response, 404, 'no such station');
  }

  private stations(base: string) {
    return [...this.broadcast.mounts.values()].map(({ station, listening }) => ({
      name: station.name,
      mount: station.mount,
      url: `${base}/${station.mount}`,
      codec: station.codec,
      listeners: listening,
    }));
  }

  private truth(query: Record<string, string>) {
    const { station, from, to } = truthRequest.parse(query);
    const { origin, clock } = this.broadcast;
    const now = clock.now();
    const until = to ?? now;
    // A month at most: the answer must fit.
    const since = Math.max(from ?? origin, until - 31 * 86_400_000);
    return { origin, now, entries: this.broadcast.truth(since, until, station) };
  }

  private sendLibrary(response: ServerResponse): void {
    const described = this.broadcast.repertoire.tracks.map((recording) => {
      const { key, kind, title, artists, album, label, durationMs } = recording;
      return { key, kind, title, artists, album, label, durationMs };
    });
    send(response, 200, described);
  }

  private sendReference(key: string, response: ServerResponse): void {
    const recording = this.broadcast.repertoire.tracks.find((track) => track.key === key);
    if (recording === undefined) {
      send(response, 404, 'no such recording');
      return;
    }
    const file = referenceFile(recording, this.broadcast.audio);
    response.writeHead(200, { 'content-type': 'audio/flac', 'content-length': file.length }).end(file);
  }

  private takeFault(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > 10_000) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      try {
        const asked = faultRequest.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        const mount = this.broadcast.mounts.get(asked.mount);
        mount?.faults.begin(asked.fault, this.broadcast.clock.now(), asked.seconds);
        mount?.tick();
        send(response, mount === undefined ? 404 : 200, mount === undefined ? 'no such station' : asked);
      } catch (error) {
        send(response, 400, (error as Error).message);
      }
    });
  }
}

function sendPlaylist(response: ServerResponse, url: string, pls: boolean): void {
  response.writeHead(200, { 'content-type': pls ? 'audio/x-scpls' : 'audio/x-mpegurl' });
  response.end(
    pls ? `[playlist]\nNumberOfEntries=1\nFile1=${url}\nLength1=-1\nVersion=2\n` : `#EXTM3U\n${url}\n`,
  );
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
  });
  response.end(text);
}
