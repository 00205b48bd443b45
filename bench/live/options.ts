import { parseArgs } from 'node:util';
import { z } from 'zod';
import { PROFILES } from '../../src/simulator/styles';

const whole = (min: number, max: number, fallback: number) =>
  z.coerce.number().min(min).max(max).default(fallback).pipe(z.int());

const schema = z.strictObject({
  stations: whole(1, 500, 4),
  /** Minutes of listening, in real time. */
  minutes: z.coerce.number().min(0.5).max(1_440).default(20),
  /** Recordings that are aired and in the library. */
  tracks: whole(2, 500, 12),
  /** Further references that are never aired. */
  'synthetic-tracks': whole(0, 100_000, 0),
  profile: z.enum(PROFILES).default('demo'),
  seed: whole(0, 2 ** 31, 1),
  /** A document whose section about this run is replaced. */
  report: z.string().optional(),
  /** Port of the service; 0 is not possible: the bench must know it. */
  port: whole(1_024, 65_535, 18_650),
});

export interface LiveOptions {
  readonly stations: number;
  readonly minutes: number;
  readonly tracks: number;
  readonly syntheticTracks: number;
  readonly profile: (typeof PROFILES)[number];
  readonly seed: number;
  readonly report: string | undefined;
  readonly port: number;
}

/** @throws Error with one line per finding */
export function parseOptions(args: readonly string[]): LiveOptions {
  const options = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, { type: 'string' as const }]),
  );
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    throw new Error(
      parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('\n'),
    );
  }
  const { 'synthetic-tracks': syntheticTracks, report, ...rest } = parsed.data;
  return { ...rest, syntheticTracks, report };
}

/** The command line that makes this run again. */
export function commandOf({
  stations,
  minutes,
  tracks,
  syntheticTracks,
  profile,
  seed,
}: LiveOptions): string {
  const parts = [`npm run bench:live -- --stations ${stations} --minutes ${minutes}`];
  if (tracks !== 12) parts.push(`--tracks ${tracks}`);
  if (syntheticTracks > 0) parts.push(`--synthetic-tracks ${syntheticTracks}`);
  if (profile !== 'demo') parts.push(`--profile ${profile}`);
  if (seed !== 1) parts.push(`--seed ${seed}`);
  return parts.join(' ');
}
