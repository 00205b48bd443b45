import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers that any HTTP service may give. */
export type FaultScript =
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string };

/** A real HTTP server that answers from a script, and remembers what it saw. */
export class ScriptedServer<Script extends { kind: string }, Seen> {
  readonly seen: Seen[] = [];
  /** What a client did against the protocol, in words; a test expects none. */
  readonly violations: string[] = [];
  private readonly script: Script[] = [];
  private readonly server: Server;
  private listening = false;
  private address = '';

  constructor(
    private readonly path: string,
    private readonly fallback: (seen: Seen) => Script | Promise<Script>,
    private readonly handle: (
      body: Buffer,
      request: IncomingMessage,
      next: (seen: Seen) => Promise<Script>,
    ) => Promise<{ script: Script | FaultScript; json?: unknown; status?: number }>,
  ) {
    this.server = createServer((request, response) => void this.take(request, response));
  }

  /** Where it listens; also after it was closed, for a connection that is refused. */
  get url(): string {
    return this.address;
  }

  /** Once closed, again at the same address. */
  async listen(): Promise<this> {
    const port = this.address === '' ? 0 : Number(new URL(this.address).port);
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    this.listening = true;
    this.address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.path}`;
    return this;
  }

  /** The next answers, in order; after them the fallback. */
  willAnswer(...scripts: Script[]): void {
    this.script.push(...scripts);
  }

  async close(): Promise<void> {
    if (!this.listening) return;
    this.listening = false;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    const { script, json, status } = await this.handle(Buffer.concat(parts), request, async (seen) => {
      this.seen.push(seen);
      return this.script.shift() ?? this.fallback(seen);
    });
    this.answer(response, script as FaultScript, json, status ?? 200);
  }

  private answer(response: ServerResponse, script: FaultScript, json: unknown, status: number): void {
    switch (script.kind) {
      case 'hang':
        return;
      case 'reset':
        response.socket?.destroy();
        return;
      case 'malformed':
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"status": "ok", "resu');
        return;
      case 'status': {
        const wait = script.retryAfter === undefined ? {} : { 'retry-after': script.retryAfter };
        response.writeHead(script.status, { 'content-type': 'text/html', ...wait }).end('<html></html>');
        return;
      }
      default:
        response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
        response.end(JSON.stringify(json));
    }
  }
}
