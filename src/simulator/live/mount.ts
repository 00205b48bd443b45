import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock';
import type { Stretch } from '../truth';
import { FaultLog } from './faults';
import { ICY_INTERVAL, IcyInterleaver } from './icy';
import type { Piece, Source } from './source';
import { CONTENT_TYPES, type Station, titleAt } from './station';

/** A listener that takes nothing is let go when so much waits for it, as Icecast does. */
const MAX_WAITING_BYTES = 4e6;

/** After a longer sleep of the machine the stream begins anew: nobody waits for what was aired meanwhile. */
const MAX_SLEEP_MS = 30_000;

interface Listener {
  readonly response: ServerResponse;
  readonly icy: IcyInterleaver | undefined;
}

/**
 * One station on the air: all listeners share one source, which runs while somebody listens. `tick` sends what has
 * become due.
 */
export class Mount {
  readonly faults = new FaultLog();
  private readonly listeners = new Set<Listener>();
  private source: Source | undefined;
  private recent: Piece[] = [];
  private lastTick = Date.now();

  constructor(
    readonly station: Station,
    private readonly clock: Clock,
    /** When the programme's millisecond 0 is on the air, ms since the epoch. */
    private readonly origin: number,
    /** What a new listener gets at once, ms of air that has passed. */
    private readonly burstMs: number,
    private readonly makeSource: (fromMs: number, muted: () => boolean) => Source,
  ) {}

  get listening(): number {
    return this.listeners.size;
  }

  /** What has kept the stream from its listeners, ms since the epoch; without the programme's own drop-outs. */
  unheard(): readonly Stretch[] {
    return this.faults.stretches().map(({ from, to }) => ({ from, to }));
  }

  /** Answers a request for the stream. */
  connect(response: ServerResponse, options: { icy: boolean; path: string }): void {
    switch (this.state()) {
      case 'drop':
        response.socket?.resetAndDestroy();
        return;
      case 'http_error':
        response.writeHead(503, { 'content-type': 'text/plain' }).end('Source is not connected');
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
        response.end('<!doctype html><title>Radio</title><p>Cette page n’est pas un flux audio.</p>');
        return;
      case 'redirect_loop':
        response.writeHead(302, { location: options.path }).end();
        return;
    }
    const { station } = this;
    response.shouldKeepAlive = false;
    response.useChunkedEncodingByDefault = false;
    response.sendDate = false;
    response.writeHead(200, {
      'content-type': CONTENT_TYPES[station.codec],
      'icy-name': Buffer.from(station.name, 'utf8').toString('latin1'),
      'icy-genre': 'Simulation',
      'icy-br': String(station.kbps),
      'icy-pub': '0',
      'cache-control': 'no-cache',
      ...(options.icy && { 'icy-metaint': String(ICY_INTERVAL) }),
    });
    response.socket?.setNoDelay(true);
    const listener = { response, icy: options.icy ? new IcyInterleaver() : undefined };
    response.on('error', () => this.listeners.delete(listener));
    response.on('close', () => this.listeners.delete(listener));
    this.tick();
    this.source ??= this.open();
    this.send(listener, Buffer.concat([this.source.head, ...this.recent.map(({ data }) => data)]));
    if (this.state() === 'end') response.end();
    else this.listeners.add(listener);
  }

  /** Sends everything that has become due. Call often. */
  tick(): void {
    const asleep = Date.now() - this.lastTick > MAX_SLEEP_MS;
    this.lastTick = Date.now();
    if (asleep) this.dropAll();
    if (this.listeners.size === 0) {
      this.source?.close();
      this.source = undefined;
      this.recent = [];
      return;
    }
    const nowMs = this.clock.now() - this.origin;
    this.source ??= this.open();
    const pieces = this.source.advance(nowMs);
    this.keep(pieces, nowMs);
    const state = this.state();
    if (state === 'stall') return;
    if (state === 'end') {
      for (const { response } of this.listeners) response.end();
      this.listeners.clear();
      return;
    }
    if (state !== undefined && state !== 'silence' && state !== 'garbage') {
      this.dropAll();
      return;
    }
    let data = Buffer.concat(pieces.map((piece) => piece.data));
    if (data.length === 0) return;
    if (state === 'garbage') data = randomBytes(data.length);
    for (const listener of this.listeners) this.send(listener, data);
  }

  dropAll(): void {
    for (const { response } of this.listeners) response.socket?.resetAndDestroy();
    this.listeners.clear();
  }

  private state() {
    const now = this.clock.now();
    const inDropout =
      this.station.programme.dropoutsBetween(now - this.origin, now - this.origin + 1).length > 0;
    return this.faults.at(now) ?? (inDropout ? 'drop' : undefined);
  }

  private open(): Source {
    const nowMs = this.clock.now() - this.origin;
    const muted = () => this.faults.at(this.clock.now()) === 'silence';
    const source = this.makeSource(nowMs - this.burstMs, muted);
    this.keep(source.advance(nowMs), nowMs);
    return source;
  }

  private keep(pieces: readonly Piece[], nowMs: number): void {
    for (const piece of pieces) {
      if (piece.restarts) this.recent = [];
      else this.recent.push(piece);
    }
    this.recent = this.recent.filter(({ endMs }) => endMs > nowMs - this.burstMs);
  }

  private send(listener: Listener, data: Buffer): void {
    const title = titleAt(this.station, this.clock.now() - this.origin);
    listener.response.write(listener.icy?.push(data, title) ?? data);
    if (listener.response.writableLength > MAX_WAITING_BYTES) listener.response.socket?.resetAndDestroy();
  }
}
