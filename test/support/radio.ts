import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A programme on the air: bytes of a real encoder, repeated without end at the pace of a station. */
export interface Programme {
  readonly bytes: Buffer;
  readonly contentType: string;
  /** Bytes per second of this machine's time. */
  readonly pace: number;
  /** Bytes at once on connect. */
  readonly burst?: number;
  /** Bytes between two titles; without it there are none. */
  readonly metaint?: number;
  /** Ends the answer after so many bytes. */
  readonly endAfter?: number;
  /** Sends nothing more after so many bytes, and keeps the connection. */
  readonly stallAfter?: number;
  /** Repeats no more than once (Ogg ends with its last page). */
  readonly once?: boolean;
}

const MOST_BUFFERED = 1 << 20;

/** A real HTTP server that speaks ICY to whoever asks for it. */
export class Radio {
  private readonly server: Server;
  private readonly routes = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  private readonly timers = new Set<NodeJS.Timeout>();
  readonly requests: IncomingMessage[] = [];
  title: string | Buffer = '';
  address = '';

  constructor() {
    this.server = createServer((request, response) => {
      this.requests.push(request);
      const route = this.routes.get(new URL(request.url!, 'http://x').pathname);
      if (route) route(request, response);
      else response.writeHead(404).end();
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Answers a path as it pleases. */
  on(path: string, route: (request: IncomingMessage, response: ServerResponse) => void): string {
    this.routes.set(path, route);
    return this.address + path;
  }

  /** Answers a path with a fixed body. */
  serve(path: string, body: string | Buffer, contentType: string): string {
    return this.on(path, (_, response) => response.writeHead(200, { 'Content-Type': contentType }).end(body));
  }

  /** Puts a programme on the air; gives its address. */
  air(path: string, programme: Programme): string {
    return this.on(path, (request, response) => this.broadcast(programme, request, response));
  }

  private broadcast(programme: Programme, request: IncomingMessage, response: ServerResponse): void {
    const metaint = request.headers['icy-metadata'] === '1' ? programme.metaint : undefined;
    response.writeHead(200, {
      'Content-Type': programme.contentType,
      ...(metaint ? { 'icy-metaint': String(metaint) } : {}),
    });
    const startedAt = Date.now();
    let sent = 0;
    let untilTitle = metaint ?? 0;
    let told: string | Buffer = '';
    const send = (upTo: number) => {
      // Who does not read is not written to: the bytes would pile up here.
      if (response.writableLength > MOST_BUFFERED) return;
      const limit = Math.min(
        upTo,
        sent + MOST_BUFFERED,
        programme.stallAfter ?? upTo,
        programme.endAfter ?? upTo,
      );
      const out: Buffer[] = [];
      while (sent < limit) {
        const at = sent % programme.bytes.length;
        const most = Math.min(limit - sent, programme.bytes.length - at, metaint ? untilTitle : Infinity);
        out.push(programme.bytes.subarray(at, at + most));
        sent += most;
        if (!metaint) continue;
        untilTitle -= most;
        if (untilTitle > 0) continue;
        out.push(this.title === told ? Buffer.from([0]) : metadata(this.title));
        told = this.title;
        untilTitle = metaint;
      }
      if (out.length > 0) response.write(Buffer.concat(out));
      const over = programme.once ? programme.bytes.length : programme.endAfter;
      if (over !== undefined && sent >= over) response.end();
    };
    const most = programme.once ? programme.bytes.length : Number.POSITIVE_INFINITY;
    const due = () =>
      Math.min(most, (programme.burst ?? 0) + ((Date.now() - startedAt) / 1000) * programme.pace);
    send(Math.floor(due()));
    const timer = setInterval(() => send(Math.floor(due())), 20);
    this.timers.add(timer);
    response.on('close', () => {
      clearInterval(timer);
      this.timers.delete(timer);
    });
  }
}

/** One ICY metadata block. */
function metadata(title: string | Buffer): Buffer {
  const text = Buffer.concat([
    Buffer.from("StreamTitle='"),
    Buffer.isBuffer(title) ? title : Buffer.from(title),
    Buffer.from("';"),
  ]);
  const blocks = Math.ceil(text.length / 16);
  return Buffer.concat([Buffer.from([blocks]), text, Buffer.alloc(blocks * 16 - text.length)]);
}
