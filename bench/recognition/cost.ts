/**
 * `npm run bench:recognition [-- --tracks 1000] [-- --seconds 120]`: where the CPU goes, stage by stage, beside decoding
 * alone, which nothing can do without. Figures are one thread's.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { decodeFile } from '../../src/capture/decode-file';
import { StreamDecoder } from '../../src/capture/decoder/stream-decoder';
import { runCommand } from '../../src/command';
import { fingerprintOf } from '../../src/recognition/local/fingerprint';
import { FrontEnd } from '../../src/recognition/local/front-end';
import { buildIndex, indexBytes } from '../../src/recognition/local/landmark-index';
import { DENSE_LANDMARKS, FRAMES_PER_SECOND, HOP_S, WINDOW_FRAMES } from '../../src/recognition/local/params';
import { PeakMap, QueryHistory } from '../../src/recognition/local/query';
import { referenceOf } from '../../src/recognition/local/reference';
import { Searcher } from '../../src/recognition/local/search';
import { MAP_FRAMES, SessionTracker } from '../../src/recognition/local/tracker';
import { AudioEncoder } from '../../src/simulator/encode/encoder';
import { synthesiseMusic } from '../../src/simulator/synth/music';
import { syntheticTracks } from '../live/synthetic';

const { values } = parseArgs({
  options: { tracks: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '120' } },
});
const TRACKS = Number(values.tracks);
const SECONDS = Number(values.seconds);
const ROUNDS = 5;

/** Milliseconds of CPU of this process, the fastest of some rounds: what else the machine does only slows it. */
function cpuMs(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

/** MP3 as most stations send it: 48 kHz, stereo, 128 kbit/s. */
function mp3Of(samples: Int16Array): Buffer {
  const encoder = new AudioEncoder('mp3', 'studio');
  const parts: Buffer[] = [];
  for (let at = 0; at + encoder.frameSize <= samples.length; at += encoder.frameSize) {
    const frame = Float32Array.from(samples.subarray(at, at + encoder.frameSize), (x) => x / 32_768);
    for (const { data } of encoder.encode(frame)) parts.push(data);
  }
  encoder.close();
  return Buffer.concat(parts);
}

/** Bytes of a stream in pieces as they come over the network → PCM, as the decoder processes do it. */
function decodeStream(mp3: Buffer): void {
  const decoder = new StreamDecoder();
  for (let at = 0; at < mp3.length; at += 4096) decoder.push(mp3.subarray(at, at + 4096));
  decoder.finish();
  decoder.close();
}

/** Milliseconds of CPU that a tracker takes for the whole piece, front end included. */
function tracking(samples: Int16Array, index: ReturnType<typeof buildIndex>): number {
  const tools = { index, searcher: new Searcher(index), map: new PeakMap(MAP_FRAMES) };
  return cpuMs(() => {
    const tracker = new SessionTracker(1, 'bench', tools, { hypothesis: undefined });
    for (let at = 0; at < samples.length; at += 20_000) tracker.audio(samples.subarray(at, at + 20_000));
    tracker.end();
  });
}

async function main(): Promise<number> {
  const studio = synthesiseMusic('bench/known', SECONDS);
  const mp3 = mp3Of(studio);
  const known = decodeFile(mp3).samples;
  const stranger = decodeFile(mp3Of(synthesiseMusic('bench/stranger', SECONDS))).samples;
  const seconds = known.length / 8000;

  const decode = cpuMs(() => decodeStream(mp3)) / seconds;
  const frontEnd =
    cpuMs(() => {
      const stage = new FrontEnd();
      for (let at = 0; at < known.length; at += 8000) stage.push(known.subarray(at, at + 8000));
    }) / seconds;
  const importing = cpuMs(() => fingerprintOf(decodeFile(mp3).samples)) / seconds;

  const own = referenceOf(0, fingerprintOf(known));
  const tracks = [own, ...syntheticTracks(TRACKS - 1, 'bench')];
  const began = performance.now();
  const index = buildIndex(tracks, 1);
  const buildS = (performance.now() - began) / 1000;
  const minutes = tracks.reduce((sum, { durationS }) => sum + durationS, 0) / 60;

  const stage = new FrontEnd();
  const history = new QueryHistory(Number.POSITIVE_INFINITY);
  for (const block of stage.push(stranger)) history.push(block);
  const landmarks = history.landmarksBetween(0, WINDOW_FRAMES, DENSE_LANDMARKS);
  const map = new PeakMap(MAP_FRAMES);
  map.load(history.between(0, WINDOW_FRAMES), 0, WINDOW_FRAMES);
  const searcher = new Searcher(index);
  const searches = 20;
  const search =
    cpuMs(() => {
      for (let i = 0; i < searches; i++) searcher.search(landmarks, { tempo: 1, pitch: 1 }, map);
    }) / searches;
  const tracked = tracking(known, index) / seconds;
  const unknown = tracking(stranger, index) / seconds;

  const total = decode + tracked;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const rows = [
    ['decode MP3 (48 kHz, stereo, 128 kbit/s) and resample: the limit', ms(decode), '1.0'],
    ['FFT and peaks', ms(frontEnd), (frontEnd / decode).toFixed(1)],
    ['a known song, all of recognition', ms(tracked), (tracked / decode).toFixed(1)],
    ['unknown music, all of recognition', ms(unknown), (unknown / decode).toFixed(1)],
    ['a known song, with decoding', ms(total), (total / decode).toFixed(1)],
    ['unknown music, with decoding', ms(decode + unknown), ((decode + unknown) / decode).toFixed(1)],
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const text = [
    `Node ${process.versions.node}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}; ${TRACKS} tracks (${TRACKS - 1} of them synthetic postings), ${minutes.toFixed(0)} minutes; windows of ${(WINDOW_FRAMES / FRAMES_PER_SECOND).toFixed(0)} s every ${HOP_S.toFixed(1)} s`,
    '',
    '| CPU per second of audio | one thread | ÷ decoding alone |',
    '| --- | --- | --- |',
    ...rows.map(line),
    '',
    '| measure | value |',
    '| --- | --- |',
    line(['one search, one likely hypothesis, 10 s of unknown music', ms(search)]),
    line([
      'stations per core: all known songs … all unknown',
      `${Math.floor(1000 / total)} … ${Math.floor(1000 / (decode + unknown))}`,
    ]),
    line(['index in memory, per minute of music', `${(indexBytes(index) / 1000 / minutes).toFixed(2)} kB`]),
    line(['index in memory', `${(indexBytes(index) / 1e6).toFixed(0)} MB`]),
    line(['index build', `${buildS.toFixed(2)} s`]),
    line(['import (decode, fingerprint), one core', `${Math.round(1000 / importing)} × real time`]),
  ];
  process.stdout.write(`${text.join('\n')}\n`);
  return 0;
}

void runCommand(main);
