import type { AirCodec } from '../air';
import type { Programme } from '../programme';

/** A simulated station. */
export interface Station {
  /** Last part of its address, e.g. `teranga.mp3`. */
  readonly mount: string;
  /** Contains « (simulée) ». */
  readonly name: string;
  readonly codec: AirCodec;
  readonly programme: Programme;
}

export const CONTENT_TYPES: Readonly<Record<AirCodec, string>> = {
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
  vorbis: 'application/ogg',
  opus: 'application/ogg',
  flac: 'application/ogg',
};

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
  const song = station.programme
    .elementsBetween(atMs, atMs + 1)
    .findLast(({ recording }) => recording)?.recording;
  return song === undefined ? station.name : `${song.artists.join(', ')} - ${song.title}`;
}
