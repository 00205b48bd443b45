import { parseArgs } from 'node:util';
import { z } from 'zod';
import { AIR_CODECS } from './air';
import { PROFILES } from './styles';

const number = (min: number, max: number, fallback: number) =>
  z.coerce.number().min(min).max(max).default(fallback);
const whole = (min: number, max: number, fallback: number) => number(min, max, fallback).pipe(z.int());

const schema = z.object({
  port: whole(0, 65_535, 0),
  host: z.string().default('127.0.0.1'),
  seed: whole(0, 2 ** 31, 1),
  stations: whole(1, 1_000, 3),
  /** How many times as fast as the machine's clock the air passes. */
  rate: number(0.1, 200, 1),
  /** Anchor of the clock, ms since the epoch; 0: now. The same in all processes that share the air's time. */
  origin: whole(0, Number.MAX_SAFE_INTEGER, 0),
  /** Air time at which the programmes begin, ms since the epoch; 0: when the server starts to listen. */
  programmeOrigin: whole(0, Number.MAX_SAFE_INTEGER, 0),
  tracks: whole(2, 5_000, 12),
  unknown: whole(0, 5_000, 6),
  /** Codecs of the stations, in turn. */
  codecs: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(AIR_CODECS)).min(1))
    .optional(),
  profile: z.enum(PROFILES).default('demo'),
  /** Lengths of songs; absent: the profile's. */
  minSeconds: z.coerce.number().min(10).max(1_200).optional(),
  maxSeconds: z.coerce.number().min(10).max(1_200).optional(),
  burst: number(0, 60, 4),
  /** Writes the reference library there as tagged FLAC files before listening. */
  writeLibrary: z.string().optional(),
  /** A folder of songs to air instead of synthesised ones; the reference library holds them. */
  music: z.string().optional(),
  /** A folder of songs that are aired without being in the library. */
  unknownMusic: z.string().optional(),
  /** Ogg streams begin anew with every song, with its title in their comments, as most sources make them. */
  chained: whole(0, 1, 0),
  /** Ends when this process has gone. */
  parentPid: whole(1, 2 ** 31, 1).optional(),
});

export type SimulatorOptions = z.output<typeof schema>;
/** What may be given; everything has a default. */
export type SimulatorInput = { readonly [K in keyof z.input<typeof schema>]?: string | number };

const NAMES = Object.keys(schema.shape) as (keyof SimulatorOptions)[];
const flag = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Options in the form in which `parseOptions` reads them: `--min-seconds 60`. */
export function toArguments(input: SimulatorInput): string[] {
  return NAMES.flatMap((name) => (input[name] === undefined ? [] : [`--${flag(name)}`, String(input[name])]));
}

/** @throws Error with one line per finding, in French */
export function parseOptions(args: readonly string[]): SimulatorOptions {
  const options = Object.fromEntries(NAMES.map((name) => [flag(name), { type: 'string' as const }]));
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    throw new Error(`option inconnue ou sans valeur : ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(
    Object.fromEntries(NAMES.flatMap((name) => (flag(name) in values ? [[name, values[flag(name)]]] : []))),
  );
  if (!parsed.success) {
    throw new Error(
      parsed.error.issues
        .map(({ path, message }) => `--${flag(String(path[0]))} : valeur refusée (${message})`)
        .join('\n'),
    );
  }
  return parsed.data;
}
