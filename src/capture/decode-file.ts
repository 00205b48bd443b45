import { resolve } from 'node:path';
import { Demuxer } from 'node-av/api';
import { AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import { avGetCodecName, Codec, CodecContext, Frame, type Packet, type Stream } from 'node-av/lib';
import { SAMPLE_RATE, seconds } from '../audio';
import { AppError } from '../errors';
import './native/quiet';
import { joined, Resampler } from './native/resampler';

/** A whole recording, decoded. */
export interface DecodedFile {
  /** Mono, 16-bit, at SAMPLE_RATE. */
  readonly samples: Int16Array;
  /** Of the decoded audio, not what a header claims. */
  readonly durationS: number;
  /** The file's own tags, keys in lower case; an ID3 `TSRC` is given as `isrc`. Unchecked text. */
  readonly tags: Record<string, string>;
  /** As FFmpeg names it: mp3, aac, vorbis, opus, flac, pcm_s16le, … */
  readonly codec: string;
}

/**
 * Containers that are opened. Not the ones that make FFmpeg open other files or addresses (HLS, concat, DASH, image
 * sequences): an uploaded file must never make the service read something else.
 */
const CONTAINERS =
  'mp3,aac,ogg,flac,wav,w64,aiff,mov,mp4,m4a,matroska,webm,asf,ape,wv,mpc,mpc8,tta,tak,caf,au,amr,mpegts,mpeg,dsf,ac3,eac3';
/** Their headers count the samples, so that a file shorter than that has lost its end. */
const COUNTING = /^(flac|mov|matroska|caf|asf|tta|wv|ape)/;
const LONGEST_S = 4 * 3600;
const SHORTEST_S = 0.25;

/**
 * Decodes a whole audio file (a path, or its bytes) to the service's format. Synchronous: about 1 s per 15 minutes of
 * MP3, so call it in a worker or a command. Throws AppError `unreadable_audio` for what is not audio, is damaged
 * beyond use, has lost its end, or is longer than 4 h.
 */
export function decodeFile(input: string | Buffer): DecodedFile {
  let demuxer: Demuxer;
  try {
    demuxer = Demuxer.openSync(typeof input === 'string' ? resolve(input) : input, {
      options: { format_whitelist: CONTAINERS, protocol_whitelist: 'file' } as Record<string, string>,
    });
  } catch (cause) {
    throw unreadable('format inconnu ou fichier abîmé', 'unknown format or damaged file', cause);
  }
  try {
    return decodeOpened(demuxer);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable('le décodage a échoué', 'decoding failed', error);
  } finally {
    demuxer.closeSync();
  }
}

function decodeOpened(demuxer: Demuxer): DecodedFile {
  const stream = demuxer.findBestStream(AVMEDIA_TYPE_AUDIO);
  const codec = stream && Codec.findDecoder(stream.codecpar.codecId);
  if (!stream || !codec) throw unreadable('aucune piste audio', 'no audio track');
  const { samples, packets, refused } = decodeStream(demuxer, stream, codec);
  const durationS = seconds(samples.length);
  if (durationS < SHORTEST_S || refused * 2 > packets) {
    throw unreadable('aucun son utilisable', 'no usable sound');
  }
  const claimed = demuxer.duration;
  if (COUNTING.test(demuxer.formatName) && Number.isFinite(claimed) && durationS < claimed * 0.97 - 1) {
    throw unreadable(
      `fichier tronqué : ${durationS.toFixed(0)} s sur ${claimed.toFixed(0)} s`,
      `truncated: ${durationS.toFixed(0)} s of ${claimed.toFixed(0)} s`,
    );
  }
  const codecName = avGetCodecName(stream.codecpar.codecId) ?? codec.name ?? 'unknown';
  return { samples, durationS, tags: tagsOf(demuxer, stream), codec: codecName };
}

function decodeStream(demuxer: Demuxer, stream: Stream, codec: Codec) {
  const context = new CodecContext();
  const frame = new Frame();
  const resampler = new Resampler();
  const parts: Int16Array[] = [];
  let [length, packets, refused] = [0, 0, 0];
  const keep = (part: Int16Array) => {
    if (part.length === 0) return;
    parts.push(part);
    length += part.length;
    if (length > LONGEST_S * SAMPLE_RATE) throw unreadable('plus de 4 heures', 'longer than 4 hours');
  };
  const send = (packet: Packet | null) => {
    if (context.sendPacketSync(packet) < 0) refused++;
    while (context.receiveFrameSync(frame) >= 0) {
      keep(resampler.push(frame));
      frame.unref();
    }
  };
  try {
    frame.alloc();
    context.allocContext3(codec);
    context.parametersToContext(stream.codecpar);
    context.pktTimebase = stream.timeBase;
    context.threadCount = 1;
    if (context.open2Sync(codec) < 0) throw unreadable('décodeur indisponible', 'no decoder');
    for (const packet of demuxer.packetsSync(stream.index)) {
      if (!packet) continue;
      packets++;
      send(packet);
      packet.free();
    }
    send(null);
    keep(resampler.flush());
  } finally {
    resampler.close();
    frame.free();
    context.freeContext();
  }
  return { samples: joined(parts), packets, refused };
}

/** Tags of the container, and of the stream where the format keeps them there (Ogg). */
function tagsOf(demuxer: Demuxer, stream: Stream): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...stream.metadata?.getAll(), ...demuxer.metadata })) {
    if (value.trim() !== '') tags[key.toLowerCase()] = value.trim();
  }
  if (tags.tsrc !== undefined && tags.isrc === undefined) tags.isrc = tags.tsrc;
  return tags;
}

function unreadable(fr: string, en: string, cause?: unknown): AppError {
  const phrase = { fr: `Fichier audio illisible : ${fr}.`, en: `Unreadable audio file: ${en}.` };
  return new AppError('unreadable_audio', 422, phrase, undefined, { cause });
}
