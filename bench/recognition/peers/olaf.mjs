/**
 * `node bench/recognition/peers/olaf.mjs <library list> <query list>`: Olaf (github.com/JorenSix/Olaf) as a peer of
 * `npm run eval:recognition`. Olaf is started as the program that it is; none of it is here, or ever linked (it is AGPL).
 *
 * The program is `olaf_core`, Olaf's C core without its command line, from $OLAF or the PATH; ffmpeg gives it the format it
 * reads. Score: fingerprints of the query that agree on one place in the recording, Olaf's own measure; it keeps quiet
 * below six. The database is kept in `<library list>.olaf`, as one evaluation asks for the same library a hundred times.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const OLAF = process.env.OLAF ?? 'olaf_core';
/** What Olaf's default configuration expects: 32-bit floats, mono, 16 kHz, without a head. */
const FORMAT = ['-ac', '1', '-ar', '16000', '-f', 'f32le'];
/** Files per run of ffmpeg and, while the library is stored, of Olaf. */
const BATCH = 16;

function die(message) {
  console.error(message);
  process.exit(2);
}

function run(program, args, env = {}) {
  const options = { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 2 ** 28 };
  const { error, status, signal, stdout, stderr } = spawnSync(program, args, options);
  if (error?.code === 'ENOENT' && program === OLAF) {
    die(
      `Olaf introuvable (« ${OLAF} ») : le compiler, puis donner le chemin d'olaf_core dans la variable OLAF.`,
    );
  }
  if (error) die(`Impossible de lancer ${program} : ${error.message}`);
  if (status !== 0) {
    die(`${program} a échoué (${signal ?? status}) : ${stderr.trim().split('\n').at(-1)}`);
  }
  return stdout;
}

/** The paths of a list in batches, each with the raw file that Olaf reads and its place in the list. */
function* batches(paths, scratch) {
  for (let from = 0; from < paths.length; from += BATCH) {
    const batch = paths
      .slice(from, from + BATCH)
      .map((path, i) => ({ path, place: from + i, raw: join(scratch, `${i}.raw`) }));
    run('ffmpeg', [
      ...['-hide_banner', '-v', 'error', '-nostdin', '-y'],
      ...batch.flatMap(({ path }) => ['-i', path]),
      ...batch.flatMap(({ raw }, i) => ['-map', `${i}:a`, ...FORMAT, raw]),
    ]);
    yield batch;
  }
}

/** Stores the library under its places in the list, unless that was done since the list was written. */
function store(list, home, scratch) {
  const stored = join(home, 'stored');
  if (existsSync(stored) && statSync(stored).mtimeMs >= statSync(list).mtimeMs) return;
  rmSync(home, { recursive: true, force: true });
  // Olaf's database is always below its user's home.
  mkdirSync(join(home, '.olaf', 'db'), { recursive: true });
  for (const batch of batches(pathsOf(list), scratch)) {
    run(OLAF, ['store', ...batch.flatMap(({ raw, place }) => [raw, String(place)])], { HOME: home });
  }
  writeFileSync(stored, '');
}

/** The best of Olaf's lines (`count, query from, to, name, id, from, to`); without a match it says count 0. */
function best(output) {
  const lines = [...output.matchAll(/^(\d+), [-\d.]+, [-\d.]+, (\d+), \d+, /gm)];
  return lines
    .map(([, count, place]) => ({ count: Number(count), place: Number(place) }))
    .reduce((top, line) => (line.count > (top?.count ?? 0) ? line : top), undefined);
}

function pathsOf(list) {
  return readFileSync(list, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

const [libraryList, queryList] = process.argv.slice(2);
if (queryList === undefined) die('olaf.mjs <liste de la bibliothèque> <liste des requêtes>');
const home = `${resolve(libraryList)}.olaf`;
const scratch = mkdtempSync(join(tmpdir(), 'sodav-olaf-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
store(libraryList, home, scratch);
const library = pathsOf(libraryList);
for (const batch of batches(pathsOf(queryList), scratch)) {
  // One at a time: Olaf does not say which query a line answers.
  for (const { path, raw } of batch) {
    const answer = best(run(OLAF, ['query', raw, 'query'], { HOME: home }));
    if (answer) console.log(`${path}\t${library[answer.place]}\t${answer.count}`);
  }
}
