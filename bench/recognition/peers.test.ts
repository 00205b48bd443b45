import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppError } from '../../src/errors';
import { projectRoot } from '../../src/paths';
import { mix, music } from '../../test/support/airplay';
import { isInstalled } from './ffmpeg';
import type { Song } from './material';
import { CommandPeer } from './peers';

/** A recogniser of exact copies: finds a query's bytes in the library's files. Score: how many they are. */
const EXACT = `
  const { readFileSync } = require('node:fs');
  const [library, queries] = process.argv.slice(2).map((list) => readFileSync(list, 'utf8').trim().split('\\n'));
  console.log('a word that is no answer');
  for (const query of queries) {
    const sound = readFileSync(query).subarray(44);
    const file = library.find((path) => readFileSync(path).includes(sound));
    if (file) console.log([query, file, sound.length].join('\\t'));
  }
`;
/** Four pieces at once: one alone has too few peaks at a time for Olaf. */
const piece = (seed: number) =>
  mix(
    20,
    [0, 1, 2, 3].map((part) => ({ audio: music(seed + part, 20), atS: 0, gain: 0.4 })),
  );
const library: Song[] = Array.from({ length: 4 }, (_, i) => ({
  ...{ name: `song ${i}.ogg`, path: `/nowhere/song ${i}.ogg`, samples: piece(40_000 + 10 * i) },
  reference: { trackId: i, durationS: 20, words: new Uint32Array(), quiet: { start: 0, end: 0 } },
}));
const excerpt = (song: number, fromS: number) =>
  library[song]!.samples.subarray(fromS * 8000, (fromS + 10) * 8000);
const stranger = piece(50_000).subarray(0, 80_000);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sodav peers-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function peer(script: string): CommandPeer {
  const path = join(folder, 'peer.cjs');
  writeFileSync(path, script);
  return new CommandPeer('Exact', `"${process.execPath}" "${path}"`, library, folder);
}

/** A peer that says this of the first query; `q` and `lib` are the lists. */
function sayer(lines: string): CommandPeer {
  return peer(`
    const [lib, q] = process.argv.slice(2).map((l) => require('node:fs').readFileSync(l, 'utf8').trim().split('\\n'));
    console.log(${lines});
  `);
}

describe('a peer that a command starts', () => {
  test('hears queries cut to length, and its answers are of them', () => {
    const exact = peer(EXACT);
    const queries = [excerpt(2, 3), stranger, excerpt(0, 7.5), excerpt(2, 9)];
    for (const seconds of [3, 10]) {
      const score = seconds * 16_000;
      expect(exact.ask(queries, seconds)).toEqual([
        { name: 'song 2.ogg', score },
        undefined,
        { name: 'song 0.ogg', score },
        { name: 'song 2.ogg', score },
      ]);
    }
  });

  test('may name several recordings: the best counts, in whatever order', () => {
    const several = sayer(
      "[[q[0], lib[1], 2], [q[0], lib[3], 9], [q[0], lib[2], 5]].map((l) => l.join('\\t')).join('\\r\\n')",
    );
    expect(several.ask([stranger], 3)).toEqual([{ name: 'song 3.ogg', score: 9 }]);
  });

  test.each([
    ['a name in place of a path', "[q[0], '1.wav', 7].join('\\t')"],
    ['a query that was not asked', "['0.wav', lib[0], 7].join('\\t')"],
    ['a score that is no number', "[q[0], lib[0], 'nan'].join('\\t')"],
    ['no score', "[q[0], lib[0], ''].join('\\t')"],
  ])('is not believed when it prints %s', (_, lines) => {
    expect(() => sayer(lines).ask([stranger], 3)).toThrow(expect.objectContaining({ code: 'peer_output' }));
  });

  test('that fails ends the evaluation with its name', () => {
    let failure: AppError | undefined;
    try {
      peer('process.exit(3)').ask([stranger], 3);
    } catch (error) {
      failure = error as AppError;
    }
    expect(failure?.code).toBe('peer_failed');
    expect(failure?.phrase.fr).toMatch(/^Le pair Exact a échoué \(code 3\)/);
  });
});

/** What `named` is the path of is there, or a program of that name. */
function present(what: string, named: string | undefined, program = ''): boolean {
  const here = isInstalled('ffmpeg') && (named === undefined ? isInstalled(program) : existsSync(named));
  if (!here) console.warn(`SKIPPED: ${what} or ffmpeg is not there, its adapter is not tried`);
  return here;
}

describe.each([
  {
    ...{ file: 'olaf.mjs', variable: 'OLAF', says: /^Olaf introuvable.+\n$/ },
    here: present('Olaf (olaf_core, or its path in OLAF)', process.env.OLAF, 'olaf_core'),
  },
  {
    ...{ file: 'audfprint.mjs', variable: 'AUDFPRINT', says: /^audfprint introuvable.+\n$/ },
    here: present('audfprint (its path in AUDFPRINT)', process.env.AUDFPRINT ?? ''),
  },
])('the adapter $file', ({ file, variable, says, here }) => {
  const adapter = join(projectRoot, 'bench/recognition/peers', file);

  test.skipIf(!here)(
    'knows excerpts better than strangers, also when asked again',
    () => {
      const other = new CommandPeer(file, `"${process.execPath}" "${adapter}"`, library, folder);
      const queries = [excerpt(2, 3), stranger, excerpt(0, 7.5)];
      for (const seconds of [10, 8]) {
        const [first, strange, last] = other.ask(queries, seconds);
        expect([first?.name, last?.name]).toEqual(['song 2.ogg', 'song 0.ogg']);
        expect(Math.min(first!.score, last!.score)).toBeGreaterThan(2 * (strange?.score ?? 0));
      }
    },
    120_000,
  );

  test.skipIf(!isInstalled('ffmpeg'))('tells in a line that the program is not there', () => {
    peer(EXACT);
    const list = join(folder, 'peer-library.txt');
    const { status, stdout, stderr } = spawnSync(process.execPath, [adapter, list, list], {
      encoding: 'utf8',
      env: { ...process.env, [variable]: join(folder, 'not there') },
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });
});
