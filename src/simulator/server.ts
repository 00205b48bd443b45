import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { type Clock, clockAtRate } from '../clock';
import { referenceFile } from './library';
import { FAULTS } from './live/faults';
import { Mount } from './live/mount';
import { EncodedSource } from './live/source';
import { FrameStore, SplicedSource } from './live/spliced';
import { stationNames } from './live/station';
import { Mixer } from './mixer';
import type { SimulatorOptions } from './options';
import { Programme } from './programme';
import { RecordedAudio } from './recorded-audio';
import { Repertoire } from './repertoire';
import { PROFILE_SETTINGS } from './styles';
import { truthBetween } from './truth';

const faultRequest = z.object({
  mount: z.string(),
  fault: z.enum(FAULTS),
  seconds: z.number().min(0).max(86_400),
});
const time = z.coerce.number().int().min(0).optional();
const truthRequest = z.object({ station: z.string().optional(), from: time, to: time });

/** All simulated stations behind one HTTP server. */
export class SimulatorServer {
  readonly repertoire: Repertoire;
  readonly audio: RecordedAudio;
  private readonly clock: Clock;
  private readonly mounts = new Map<string, Mount>();
  private readonly server: Server;
  private timer: NodeJS.Timeout | undefined;
  private origin = 0;

  constructor(private readonly options: SimulatorOptions) {
    const { seed, tracks, unknown, profile } = options;
    const settings = PROFILE_SETTINGS[profile];
    const minSeconds = options.minSeconds ?? settings.minSeconds;
    const maxSeconds = Math.max(minSeconds, options.maxSeconds ?? settings.maxSeconds);
    this.repertoire = new Repertoire({ seed, tracks, unknown, minSeconds, maxSeconds });
    this.audio = new RecordedAudio(seed);
    this.clock = clockAtRate(options.rate, options.origin);
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.headersTimeout = 10_000;
  }

  /** Starts to listen; the programmes begin. Resolves with the port. */
  async listen(): Promise<{ port: number; origin: number }> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, this.options.host, () => resolve());
    });
    this.origin = this.options.programmeOrigin || Math.round(this.clock.now());
    this.openMounts();
    // Ten times a second is smooth enough; a faster air needs shorter steps to stay as smooth.
    const everyMs = Math.max(20, 100 / Math.max(1, this.options.rate / 4));
    this.timer = setInterval(() => {
      for (const mount of this.mounts.values()) mount.tick();
    }, everyMs);
    return { port: (this.server.address() as AddressInfo).port, origin: this.origin };
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const mount of this.mounts.values()) mount.dropAll();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private openMounts(): void {
    const { options, repertoire, audio } = this;
    const { style, spliced } = PROFILE_SETTINGS[options.profile];
    const frames = new FrameStore(audio);
    const codecs = options.codecs ?? (spliced ? (['mp3'] as const) : (['mp3', 'aac', 'vorbis'] as const));
    for (let i = 0; i < options.stations; i++) {
      const codec = codecs[i % codecs.length]!;
      const { name, mount } = stationNames(i, codec);
      const programme = new Programme(options.seed, mount, repertoire, style);
      const mixer = new Mixer(programme, audio);
      this.mounts.set(
        mount,
        new Mount(
          { mount, name, codec, programme },
          this.clock,
          this.origin,
          options.burst * 1_000,
          (station, fromMs, muted) =>
            spliced && codec === 'mp3'
              ? new SplicedSource(programme, frames, muted, fromMs)
              : new EncodedSource(codec, station.name, mixer, muted, fromMs),
        ),
      );
    }
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
    const mount = this.mounts.get(name);
    if (name === 'faults' && request.method === 'POST') this.takeFault(request, response);
    else if (request.method !== 'GET') send(response, 405, 'method not allowed');
    else if (name === 'stations.json') send(response, 200, this.stations(base));
    else if (name === 'truth.json') send(response, 200, this.truth(Object.fromEntries(searchParams)));
    else if (name === 'library.json') send(response, 200, this.repertoire.tracks);
    else if (reference !== undefined) this.sendReference(reference, response);
    else if (mount !== undefined) {
      mount.connect(response, { icy: request.headers['icy-metadata'] === '1', path: pathname });
    } else if (playlist !== null && this.mounts.has(playlist[1]!)) {
      sendPlaylist(response, `${base}/${playlist[1]}`, playlist[2] === 'pls');
    } else send(response, 404, 'no such station');
  }

  private stations(base: string) {
    return [...this.mounts.values()].map(({ station, listening }) => ({
      name: station.name,
      mount: station.mount,
      url: `${base}/${station.mount}`,
      codec: station.codec,
      listeners: listening,
    }));
  }

  private truth(query: Record<string, string>) {
    const { station, from, to } = truthRequest.parse(query);
    const now = this.clock.now();
    const until = to ?? now;
    const since = Math.max(from ?? this.origin, until - 31 * 86_400_000);
    const mounts = [...this.mounts.values()].filter(
      (m) => station === undefined || m.station.mount === station,
    );
    return {
      origin: this.origin,
      now,
      entries: mounts.flatMap((mount) =>
        truthBetween(mount.station.programme, this.origin, since, until, mount.unheard()),
      ),
    };
  }

  private sendReference(key: string, response: ServerResponse): void {
    const recording = this.repertoire.get(key);
    if (recording === undefined) {
      send(response, 404, 'no such recording');
      return;
    }
    const file = referenceFile(recording, this.audio);
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
        const mount = this.mounts.get(asked.mount);
        mount?.faults.begin(asked.fault, this.clock.now(), asked.seconds);
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
