import { instruments } from '../../otel/metrics/instruments';
import type { Clock } from '../clock';
import type { DecoderEvents, DecoderStream, Decoders } from './decoder/pool';
import { publicUrl, StreamError } from './fault';
import { playHls } from './hls';
import type { HttpAnswer } from './http-get';
import { IcyParser, metaintOf } from './icy';
import { type OpenedStream, openStream } from './open-stream';
import { Session } from './session';
import type { CaptureSink } from './types';
import { Watch } from './watch';

/** How a connection went. Without `fault` we ended it ourselves. */
export interface ConnectionEnd {
  readonly fault?: StreamError;
  /** Seconds of audio that it gave. */
  readonly heardS: number;
}

interface Options {
  readonly station: { readonly id: number; readonly url: string };
  readonly decoders: Decoders;
  readonly sink: CaptureSink;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The decoder's last words are awaited for so long. */
const FLUSH_MS = 10_000;
/** A decoder that has not caught up by then is overloaded. */
const DRAIN_MS = 10_000;
/** A live stream runs at the speed of the clock. What is further ahead is a file: it is read no faster than that. */
const MOST_AHEAD_S = 120;

/** One connection from the address to its end. Never throws; every end has a reason. */
export async function runConnection(options: Options): Promise<ConnectionEnd> {
  const { station, decoders, sink, clock, signal } = options;
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const fail = (error: StreamError) => stop.abort(error);

  let from = '';
  const session = new Session(station.id, sink, clock, () => from);
  const watch = new Watch(clock, fail);
  const events: DecoderEvents = {
    codec: (codec) => session.setCodec(codec),
    samples: (samples) => {
      watch.audio();
      session.audio(samples);
    },
    title: (title) => session.title(title),
    fault: (fault, detail) => fail(new StreamError(fault, detail)),
  };
  const decoder = decoders.open(events, String(station.id));
  let failure: unknown;
  try {
    const opened = await openStream(address(station.url), { clock, signal: stop.signal });
    from = publicUrl(opened.url);
    watch.begin(opened.kind);
    const feed = new Feed(decoder, session, watch, clock, stop.signal);
    await play(opened, feed, session, clock, stop.signal);
    failure = new StreamError('ended', 'the station closed the stream');
  } catch (error) {
    failure = stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    watch.stop();
    signal.removeEventListener('abort', onAbort);
  }
  countDropped(failure, decoder, session);
  await flushed(decoder, clock);
  const fault = signal.aborted ? undefined : toStreamError(failure);
  session.end(fault?.fault, fault?.message ?? 'listening was stopped');
  stop.abort();
  return { heardS: session.heardS, ...(fault ? { fault } : {}) };
}

function address(url: string): URL {
  if (!URL.canParse(url)) throw new StreamError('unreachable', 'not an address');
  return new URL(url);
}

async function play(opened: OpenedStream, feed: Feed, session: Session, clock: Clock, signal: AbortSignal) {
  if (opened.kind === 'bytes') return playBytes(opened.answer, feed, session);
  return playHls({ ...opened, clock, signal, give: (segment) => feed.segment(segment) });
}

async function playBytes(answer: HttpAnswer, feed: Feed, session: Session): Promise<void> {
  const icy = new IcyParser(metaintOf(answer.headers['icy-metaint']), (title) => session.title(title));
  for await (const bytes of answer.body as AsyncIterable<Buffer>) {
    const audio = icy.push(bytes);
    if (audio.length > 0) await feed.bytes(audio);
  }
}

/** Gives bytes to the decoder no faster than it takes them and than a station can speak. */
class Feed {
  private readonly startedAt: number;

  constructor(
    private readonly decoder: DecoderStream,
    private readonly session: Session,
    private readonly watch: Watch,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {
    this.startedAt = clock.now();
  }

  async bytes(data: Buffer): Promise<void> {
    this.watch.bytes(data.length);
    if (!this.decoder.write(data)) await this.room();
    await this.pace();
  }

  async segment(data: Buffer): Promise<void> {
    this.watch.bytes(data.length);
    if (!this.decoder.writeSegment(data)) await this.room();
    await this.pace();
  }

  /** The decoder is behind: the station waits, but not for ever. */
  private async room(): Promise<void> {
    this.watch.hold();
    const drained = await within(this.decoder.drained(), DRAIN_MS, this.clock);
    this.watch.release();
    if (!drained) throw new StreamError('overload', `the decoder is ${DRAIN_MS / 1000} s behind`);
  }

  private async pace(): Promise<void> {
    this.signal.throwIfAborted();
    const aheadS = this.session.heardS - (this.clock.now() - this.startedAt) / 1000;
    if (aheadS <= MOST_AHEAD_S) return;
    this.watch.hold();
    await this.clock.sleep((aheadS - MOST_AHEAD_S + 5) * 1000, this.signal);
    this.watch.release();
  }
}

/** Waits until everything that the decoder still held has been told; not for a decoder that does not answer. */
async function flushed(decoder: DecoderStream, clock: Clock): Promise<void> {
  await within(decoder.end(), FLUSH_MS, clock);
  decoder.drop();
}

/** Waits for `work`, at most `ms`; says whether it was done. */
async function within(work: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  let late = false;
  const limit = new AbortController();
  const wait = clock.sleep(ms, limit.signal).then(
    () => {
      late = true;
    },
    () => undefined,
  );
  await Promise.race([work, wait]);
  limit.abort();
  return !late;
}

/** What an overload throws away, in seconds of this stream as it was until now. */
function countDropped(failure: unknown, decoder: DecoderStream, session: Session): void {
  if (!(failure instanceof StreamError) || failure.fault !== 'overload' || decoder.done === 0) return;
  const lostS = (decoder.pending / decoder.done) * session.heardS;
  instruments.audioDropped.add(lostS, { reason: 'overload' });
}

function toStreamError(error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  const { code } = error as { code?: string };
  // An answer was there: the other side hung up, politely or not.
  return new StreamError('ended', code ?? (error instanceof Error ? error.message : 'closed'));
}
