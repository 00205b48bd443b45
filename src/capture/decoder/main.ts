import { joined } from '../native/resampler';
import type { FromDecoder, ToDecoder } from './protocol';
import { GarbageError, StreamDecoder } from './stream-decoder';

/**
 * A decoder process: bytes of many streams in, PCM out. It holds no secrets, opens no sockets and no files; it ends
 * with its parent. Samples are given on in pieces of a second or more, so that messages stay few.
 */
const PIECE = 8000;

interface Open {
  readonly decoder: StreamDecoder;
  held: Int16Array[];
  length: number;
  codec?: string;
  title?: string;
}

const streams = new Map<number, Open>();

function answer(message: FromDecoder): void {
  process.send?.(message);
}

function samplesOf(stream: Open, fresh: Int16Array, all: boolean): Pick<FromDecoder, 'samples'> {
  if (fresh.length > 0) {
    stream.held.push(fresh);
    stream.length += fresh.length;
  }
  if (stream.length === 0 || (!all && stream.length < PIECE)) return {};
  const samples = joined(stream.held);
  [stream.held, stream.length] = [[], 0];
  return { samples };
}

/** Codec and title, when they have changed. */
function facts(stream: Open): Pick<FromDecoder, 'codec' | 'title'> {
  const { codec, title } = stream.decoder;
  const changed = {
    ...(codec && codec !== stream.codec ? { codec } : {}),
    ...(title && title !== stream.title ? { title } : {}),
  };
  Object.assign(stream, changed);
  return changed;
}

function drop(id: number): void {
  streams.get(id)?.decoder.close();
  streams.delete(id);
}

function decode(id: number, bytes: number, step: (stream: Open) => Int16Array, ended?: true): void {
  const stream = streams.get(id);
  if (!stream) return;
  try {
    const fresh = step(stream);
    answer({
      id,
      bytes,
      ...facts(stream),
      ...samplesOf(stream, fresh, ended === true),
      ...(ended ? { ended } : {}),
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const garbage = error instanceof GarbageError ? detail : `the decoder gave up: ${detail}`;
    answer({ id, bytes, ...samplesOf(stream, new Int16Array(0), true), garbage });
    drop(id);
  }
}

process.on('message', (message: ToDecoder) => {
  if (message.t === 'open') streams.set(message.id, { decoder: new StreamDecoder(), held: [], length: 0 });
  else if (message.t === 'drop') drop(message.id);
  else if (message.t === 'end') {
    decode(message.id, 0, ({ decoder }) => decoder.finish(), true);
    drop(message.id);
  } else {
    const data = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength);
    decode(message.id, data.length, ({ decoder }) =>
      message.t === 'segment' ? decoder.pushSegment(data) : decoder.push(data),
    );
  }
});
process.on('disconnect', () => process.exit(0));
// A terminal's Ctrl-C and a service manager's stop go to the whole group: the parent ends this process in its own time.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
