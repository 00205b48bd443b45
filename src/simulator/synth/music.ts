import { AIR_RATE } from '../air';
import { Random } from '../random';
import { master, reverberate } from './master';
import { compose } from './score';
import { playNote } from './voices';

/**
 * A piece of music that nobody wrote: `seconds` of 16-bit mono at AIR_RATE, the same for the same name. Pieces of
 * different names share neither score nor timbre.
 */
export function synthesiseMusic(name: string, seconds: number): Int16Array {
  const random = new Random('music', name);
  const samples = new Float32Array(Math.round(seconds * AIR_RATE));
  for (const note of compose(random, seconds)) playNote(note, samples, random);
  reverberate(samples, random.between(0.8, 1.6), random.between(0.1, 0.3));
  const fade = Math.round(0.6 * AIR_RATE);
  for (let i = 1; i <= fade; i++) samples[samples.length - i]! *= i / fade;
  return master(samples, 0.18);
}
