import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../src/paths';

/** Which room may import which: the table of docs/architecture.md, held. A room may always import itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  otel: [],
  small: [],
  'src/config': ['small'],
  'src/db': ['small', 'otel'],
  'src/capture': ['small', 'otel'],
  'src/recognition': ['small', 'otel', 'src/capture'],
  'src/library': ['small', 'otel', 'src/db', 'src/capture', 'src/recognition', 'src/config'],
  'src/plays': ['small', 'otel', 'src/db', 'src/capture', 'src/recognition'],
  'src/stations': ['small', 'otel', 'src/db', 'src/capture', 'src/config'],
  'src/http': [
    'small',
    'otel',
    'src/db',
    'src/stations',
    'src/plays',
    'src/library',
    'src/capture',
    'src/recognition',
  ],
  'src/simulator': ['small'],
  'src/doctor': ['small', 'otel', 'src/config', 'dashboards'],
  dashboards: ['otel'],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Source files below a folder, without tests. */
function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.ts$/.test(entry.name) && !/\.(test|d)\.ts$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']*)'/gms);
  return [...found].map(([, type, target]) => ({
    from: relative(projectRoot, file),
    to: relative(projectRoot, resolve(dirname(file), target!)),
    typeOnly: type !== undefined,
  }));
}

function room(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'src') return parts[0]!;
  if (parts.length === 2) return parts[1]!.replace(/\.ts$/, '') === 'main' ? 'main' : 'small';
  return `src/${parts[1]}`;
}

const files = ['src', 'otel', 'dashboards'].flatMap((folder) => sources(join(projectRoot, folder)));
const imports = files.flatMap(importsOf);

describe('the rooms of docs/architecture.md', () => {
  test('imports go only where the table allows', () => {
    const forbidden = imports.filter(({ from, to }) => {
      const [a, b] = [room(from), room(to)];
      return a !== 'main' && a !== b && !(MAY_IMPORT[a] ?? []).includes(b);
    });
    expect(forbidden.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  test('every room is in the table', () => {
    const rooms = new Set(files.map((file) => room(relative(projectRoot, file))));
    rooms.delete('main');
    expect([...rooms].filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  test('the service does not know the simulator; main.ts may start its process for the demonstration', () => {
    const knowing = imports.filter(
      ({ from, to }) =>
        room(to) === 'src/simulator' &&
        room(from) !== 'src/simulator' &&
        !(from === 'src/main.ts' && to === 'src/simulator/client'),
    );
    expect(knowing).toEqual([]);
  });

  test('a file holds one concept: none is longer than 400 lines', () => {
    const long = files
      .filter((file) => statSync(file).isFile())
      .map((file) => ({
        file: relative(projectRoot, file),
        lines: readFileSync(file, 'utf8').split('\n').length,
      }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });
});
