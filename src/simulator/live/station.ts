import type { AirCodec } from '../air';
import type { Programme } from '../programme';
import type { Recording } from '../repertoire';

/** A simulated station. */
export interface Station {
  /** Last part of its address, e.g. `teranga.mp3`. */
  readonly mount: string;
  /** Contains « (simulée) ». */
  readonly name: string;
  readonly codec: AirCodec;
  /** Nominal bit rate, as it says itself. */
  readonly kbps: number;
  readonly programme: Programme;
}

export const CONTENT_TYPES: Readonly<Record<AirCodec, string>> = {
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
  vorbis: 'application/ogg',
  opus: 'application/ogg',
  flac: 'application/ogg',
};

/** Nominal bit rates in `voice` quality; FLAC's is what it comes to. */
export const KBPS: Readonly<Record<AirCodec, number>> = { mp3: 64, aac: 64, vorbis: 64, opus: 48, flac: 256 };

const NAMES = [
  ['teranga', 'Radio Teranga FM (simulée)'],
  ['baobab', 'Baobab Musique (simulée)'],
  ['pirogue', 'La Pirogue FM (simulée)'],
] as const;

/** Name and mount of the nth station (from 0). */
export function stationNames(index: number, codec: AirCodec): { name: string; mount: string } {
  const number = String(index + 1).padStart(3, '0');
  const [mount, name] = NAMES[index] ?? [`station-${number}`, `Station d’essai ${number} (simulée)`];
  const extension = { mp3: 'mp3', aac: 'aac', vorbis: 'ogg', opus: 'opus', flac: 'oga' }[codec];
  return { name, mount: `${mount}.${extension}` };
}

/** What the station says it is playing, ms from the origin: the song, or its own name between songs. */
export function titleAt(station: Station, atMs: number): string {
  const song = songAt(station, atMs);
  return song === undefined ? station.name : [...song.artists, song.title].join(' - ');
}

/** The same as comments of an Ogg stream. */
export function tagsAt(station: Station, atMs: number): [string, string][] {
  const song = songAt(station, atMs);
  if (song === undefined) return [['TITLE', station.name]];
  return [['TITLE', song.title], ...song.artists.map((artist): [string, string] => ['ARTIST', artist])];
}

/** The song on the air; in a crossfade the one that comes. */
function songAt(station: Station, atMs: number): Recording | undefined {
  const elements = station.programme.elementsBetween(atMs, atMs + 1);
  return elements.findLast(({ recording }) => recording !== undefined)?.recording;
}
