import { hasEncoder } from './ffmpeg';

/** What is done to an excerpt between the studio and the listener, in this order: mixing, filter, codec. */
export interface Degradation {
  readonly name: string;
  /** Which excerpts: from the middle of a song, faded over into another one, or a song's talked-over start. */
  readonly material?: 'middle' | 'crossfade' | 'intro';
  readonly mix?: { readonly with: 'speech' | 'noise'; readonly db: number };
  /** ffmpeg's audio filters. */
  readonly filter?: string;
  /** ffmpeg's output options, and the container's extension. */
  readonly codec?: readonly [extension: string, ...args: string[]];
  /** How much faster it is played. */
  readonly tempo?: number;
}

const speed = (ratio: number) => `asetrate=${Math.round(44_100 * ratio)},aresample=44100`;
const percent = (ratio: number) =>
  `${ratio > 1 ? '+' : '−'}${Math.abs(Math.round((ratio - 1) * 1000) / 10)} %`;

/** Multiband compressor, equaliser and limiter, as in front of a transmitter. */
const RADIO = [
  'mcompand',
  "firequalizer=gain_entry='entry(0,-4);entry(80,3);entry(300,0);entry(1500,2);entry(4000,4)'",
  'alimiter=limit=0.8',
].join(',');
const MP3_64 = ['mp3', '-c:a', 'libmp3lame', '-b:a', '64k'] as const;

/** Everything that is measured; what this ffmpeg has no encoder for is left out. */
export function degradations(): Degradation[] {
  const codecs: Degradation[] = [
    { name: 'MP3 64k', codec: MP3_64 },
    { name: 'AAC 48k', codec: ['m4a', '-c:a', 'aac', '-b:a', '48k'] },
    { name: 'Opus 16k', codec: ['ogg', '-c:a', 'libopus', '-b:a', '16k'] },
  ];
  if (hasEncoder('libfdk_aac')) {
    codecs.push({
      name: 'HE-AAC 32k',
      codec: ['m4a', '-c:a', 'libfdk_aac', '-profile:a', 'aac_he', '-b:a', '32k'],
    });
  }
  const speeds = [1.01, 0.99, 1.015, 0.985, 1.02, 0.975, 1.025, 1.04, 0.96, 1.05, 0.95];
  return [
    { name: 'as recorded' },
    ...codecs,
    { name: 'radio chain', filter: RADIO, codec: MP3_64 },
    { name: '300–3400 Hz', filter: 'highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400' },
    { name: 'clipped by 12 dB', filter: 'volume=12dB' },
    { name: 'one channel only', filter: 'pan=mono|c0=c0' },
    { name: 'one channel inverted, mono', filter: 'pan=stereo|c0=c0|c1=-1*c1' },
    { name: 'wow 0.3 %', filter: 'vibrato=f=0.55:d=0.35' },
    ...speeds.map((ratio) => ({ name: `speed ${percent(ratio)}`, filter: speed(ratio), tempo: ratio })),
    { name: 'tempo +4 %', filter: 'atempo=1.04', tempo: 1.04 },
    { name: 'pitch +2 %', filter: `${speed(1.02)},atempo=${(1 / 1.02).toFixed(6)}` },
    { name: 'speech +6 dB', mix: { with: 'speech', db: 6 } },
    { name: 'speech 0 dB', mix: { with: 'speech', db: 0 } },
    { name: 'speech −6 dB', mix: { with: 'speech', db: -6 } },
    { name: 'white noise 0 dB', mix: { with: 'noise', db: 0 } },
    {
      name: 'speech +6 dB, speed +1 %, radio',
      mix: { with: 'speech', db: 6 },
      // The speed last: mcompand goes wrong behind a changed rate.
      filter: `${RADIO},${speed(1.01)}`,
      codec: MP3_64,
      tempo: 1.01,
    },
    { name: 'fading into another song', material: 'crossfade' },
    { name: 'crossfaded, talked-over intro', material: 'intro' },
  ];
}
