import { readdirSync } from 'node:fs';
import { extname, join, parse } from 'node:path';
import { Demuxer } from 'node-av/api';
import { AV_CHANNEL_ORDER_NATIVE, AV_SAMPLE_FMT_S16, AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import {
  avSampleFmtIsPlanar,
  Codec,
  CodecContext,
  Frame,
  SoftwareResampleContext,
  type Stream,
} from 'node-av/lib';
import { AIR_RATE, GRID_MS, SAMPLES_PER_MS } from './air';
import type { Recording } from './repertoire';

const EXTENSIONS = new Set(['.mp3', '.ogg', '.oga', '.opus', '.flac', '.wav', '.m4a', '.aac']);
/** Shorter ones are sounds, not songs. */
const SHORTEST_MS = 30_000;
const MONO = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };

/** A recording that is a file. */
export interface FileRecording extends Recording {
  readonly path: string;
}

/**
 * The songs of a folder and the folders below it, in the order of their paths, to be aired by simulated stations. Files
 * that cannot be read, or are shorter than 30 s, are left out.
 * @throws Error when nothing is left
 */
export function songsOf(folder: string, kind: Recording['kind']): FileRecording[] {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        (entry.isFile() || entry.isSymbolicLink()) && EXTENSIONS.has(extname(entry.name).toLowerCase()),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const songs: FileRecording[] = [];
  for (const path of paths) {
    const found = describe(path);
    if (found === undefined || found.durationMs < SHORTEST_MS) continue;
    const key = `${kind === 'track' ? 't' : 'u'}${String(songs.length + 1).padStart(3, '0')}`;
    songs.push({ ...found, key, kind, path });
  }
  if (songs.length === 0) throw new Error(`aucune chanson lisible d’au moins 30 s dans ${folder}`);
  return songs;
}

function describe(path: string): Omit<FileRecording, 'key' | 'kind' | 'path'> | undefined {
  let demuxer: Demuxer;
  try {
    demuxer = Demuxer.openSync(path);
  } catch {
    return undefined;
  }
  try {
    const stream = demuxer.findBestStream(AVMEDIA_TYPE_AUDIO);
    if (!stream || !Number.isFinite(demuxer.duration)) return undefined;
    const tags = new Map<string, string>();
    for (const [key, value] of Object.entries({ ...stream.metadata?.getAll(), ...demuxer.metadata })) {
      if (value.trim() !== '') tags.set(key.toLowerCase(), value.trim());
    }
    const [artist, album] = [tags.get('artist'), tags.get('album')];
    return {
      title: tags.get('title') ?? parse(path).name,
      artists: artist === undefined ? [] : [artist],
      ...(album !== undefined && { album }),
      durationMs: Math.floor((demuxer.duration * 1_000) / GRID_MS) * GRID_MS,
    };
  } finally {
    demuxer.closeSync();
  }
}

/** Decodes a file to 16-bit mono at AIR_RATE, exactly `lengthMs` of it: cut off, or filled up with silence. */
export function decodeSong(path: string, lengthMs: number): Int16Array {
  const out = new Int16Array(Math.round(lengthMs * SAMPLES_PER_MS));
  const demuxer = Demuxer.openSync(path);
  try {
    const stream = demuxer.findBestStream(AVMEDIA_TYPE_AUDIO);
    if (!stream) throw new Error(`no audio in ${path}`);
    decodeInto(out, demuxer, stream);
    return out;
  } finally {
    demuxer.closeSync();
  }
}

function decodeInto(out: Int16Array, demuxer: Demuxer, stream: Stream): void {
  const codec = Codec.findDecoder(stream.codecpar.codecId);
  if (!codec) throw new Error('no decoder');
  const context = new CodecContext();
  const frame = new Frame();
  let converter: SoftwareResampleContext | undefined;
  let at = 0;
  const convert = (planes: Buffer[] | null, count: number) => {
    if (converter === undefined) return;
    const room = converter.getOutSamples(count) + 32;
    const bytes = Buffer.allocUnsafeSlow(room * 2);
    const made = converter.convertSync([bytes], room, planes, count);
    if (made <= 0) return;
    const samples = new Int16Array(bytes.buffer, 0, Math.min(made, out.length - at));
    out.set(samples, at);
    at += samples.length;
  };
  const receive = () => {
    while (context.receiveFrameSync(frame) >= 0) {
      const planes = frame.extendedData ?? frame.data;
      if (planes) {
        converter ??= converterFor(frame);
        const planar = avSampleFmtIsPlanar(context.sampleFormat);
        convert(planes.slice(0, planar ? frame.channelLayout.nbChannels : 1), frame.nbSamples);
      }
      frame.unref();
    }
  };
  try {
    frame.alloc();
    context.allocContext3(codec);
    context.parametersToContext(stream.codecpar);
    context.pktTimebase = stream.timeBase;
    context.threadCount = 1;
    if (context.open2Sync(codec) < 0) throw new Error('the decoder does not open');
    for (const packet of demuxer.packetsSync(stream.index)) {
      if (!packet) continue;
      context.sendPacketSync(packet);
      packet.free();
      receive();
      if (at >= out.length) break;
    }
    context.sendPacketSync(null);
    receive();
    convert(null, 0);
  } finally {
    converter?.close();
    frame.free();
    context.freeContext();
  }
}

function converterFor(frame: Frame): SoftwareResampleContext {
  const converter = new SoftwareResampleContext();
  const { channelLayout, format, sampleRate } = frame;
  const set = converter.allocSetOpts2(
    MONO,
    AV_SAMPLE_FMT_S16,
    AIR_RATE,
    channelLayout,
    format as never,
    sampleRate,
  );
  if (set < 0 || converter.init() < 0) throw new Error(`no converter for ${sampleRate} Hz`);
  return converter;
}
