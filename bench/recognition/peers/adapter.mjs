/** What the adapters of peers have in common. Plain JavaScript: an adapter is a command of its own, not compiled. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export function die(message) {
  console.error(message);
  process.exit(2);
}

/** Runs a program to its end and gives what it prints; `missing` is said where there is none of that name. */
export function run(program, args, { env = {}, missing } = {}) {
  const options = { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 2 ** 28 };
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, options);
  if (error?.code === 'ENOENT' && missing) die(missing);
  if (error) die(`Impossible de lancer ${program} : ${error.message}`);
  if (status !== 0) die(`${program} a échoué (${signal ?? status}) : ${stderr.trim().split('\n').at(-1)}`);
  return stdout;
}

export function pathsOf(list) {
  return readFileSync(list, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** The two lists that the evaluation gives to a peer. */
export function lists() {
  const [library, queries] = process.argv.slice(2);
  if (queries === undefined) {
    die(`${process.argv[1]} <liste de la bibliothèque> <liste des requêtes>`);
  }
  return { library: resolve(library), queries: resolve(queries) };
}

/** A folder that is gone when the adapter is. */
export function scratchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'sodav-peer-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The folder `<library list>.<peer>` with a peer's database of the library, filled unless that was done since the list was
 * written: an evaluation asks for the same library a hundred times, and removes the folder with its own.
 */
export function database(library, peer, fill) {
  const folder = `${library}.${peer}`;
  const filled = join(folder, 'filled');
  if (existsSync(filled) && statSync(filled).mtimeMs >= statSync(library).mtimeMs) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  fill(folder);
  writeFileSync(filled, '');
  return folder;
}
