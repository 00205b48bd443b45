import type { LibraryStore } from '../../src/library/store';
import { type Fingerprint, packFingerprint, wordOf } from '../../src/recognition/local/fingerprint';
import {
  BLOCK_FRAMES,
  FIRST_BIN,
  FRAMES_PER_SECOND,
  LAST_BIN,
  PER_BIN,
  PER_FRAME,
  REFERENCE_DENSITY,
  REFERENCE_LANDMARKS,
} from '../../src/recognition/local/params';
import { type ReferenceTrack, referenceOf } from '../../src/recognition/local/reference';
import { Random } from '../../src/simulator/random';

/**
 * A fingerprint of the size and density of a real one, of no recording: peaks at random, more of them low, as in music.
 * For benchmarks only.
 */
export function syntheticFingerprint(random: Random): Fingerprint {
  const durationS = random.between(150, 300);
  const words: number[] = [];
  const frames = durationS * FRAMES_PER_SECOND;
  for (let block = 0; block + BLOCK_FRAMES < frames; block += BLOCK_FRAMES) {
    for (let i = 0; i < REFERENCE_DENSITY.perBlock; i++) {
      const time = Math.floor((block + random.next() * BLOCK_FRAMES) * PER_FRAME);
      // The product of two uniform numbers: half of the peaks are in the lowest fifth of the band.
      const bin = FIRST_BIN + (LAST_BIN - FIRST_BIN) * random.next() * random.next();
      words.push(wordOf(time, Math.round(bin * PER_BIN), i < REFERENCE_LANDMARKS));
    }
  }
  return packFingerprint(
    durationS,
    words.sort((a, b) => a - b),
  );
}

/** So many synthetic tracks as an index takes them, with ids that no recording of a bench has. */
export function syntheticTracks(count: number, seed: number | string): ReferenceTrack[] {
  return Array.from({ length: count }, (_, i) =>
    referenceOf(1_000_000 + i, syntheticFingerprint(new Random(seed, 'synthetic', i))),
  );
}

/** Fills a bench's own library with tracks that say in every name what they are. */
export async function addSynthetic(library: LibraryStore, count: number, seed: number): Promise<void> {
  let next = 0;
  const fill = async () => {
    while (next < count) {
      const number = ++next;
      const fingerprint = syntheticFingerprint(new Random(seed, 'synthetic', number));
      await library.addRecording({
        title: `Empreinte synthétique ${number} (banc d’essai)`,
        artists: ['Banc d’essai (simulé)'],
        source: 'simulator',
        simulated: true,
        durationS: fingerprint.durationS,
        fingerprint,
      });
    }
  };
  await Promise.all(Array.from({ length: 4 }, fill));
}
