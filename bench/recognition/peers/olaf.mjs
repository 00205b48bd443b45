/**
 * `node bench/recognition/peers/olaf.mjs <library list> <query list>`: Olaf (github.com/JorenSix/Olaf) as a peer of
 * `npm run eval:recognition`. Olaf is started as the program that it is; none of it is here, or ever linked (it is AGPL).
 *
 * The program is `olaf_core`, Olaf's C core without its command line, from $OLAF or the PATH; ffmpeg gives it the format it
 * reads. Score: fingerprints of the query that agree on one place in the recording, Olaf's own measure; it keeps quiet
 * below six.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { database, lists, pathsOf, run, scratchFolder } from './adapter.mjs';

const OLAF = process.env.OLAF ?? 'olaf_core';
/** What Olaf's default configuration expects: 32-bit floats, mono, 16 kHz, without a head. */
const FORMAT = ['-ac', '1', '-ar', '16000', '-f', 'f32le'];
/** Files per run of ffmpeg and, while the library is stored, of Olaf. */
const BATCH = 16;

function olaf(home, ...args) {
  const missing = `Olaf introuvable (« ${OLAF} ») : le compiler, puis donner le chemin d'olaf_core dans la variable OLAF.`;
  // Olaf's database is always below its user's home.
  return run(OLAF, args, { env: { HOME: home }, missing });
}

/** A list's paths in batches, each with the raw file that Olaf reads and its place in the list. */
function* batches(list, scratch) {
  const paths = pathsOf(list);
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

/** The best of Olaf's lines (`count, query from, to, name, id, from, to`); without a match it says count 0. */
function best(output) {
  return [...output.matchAll(/^(\d+), [-\d.]+, [-\d.]+, (\d+), \d+, /gm)]
    .map(([, count, place]) => ({ count: Number(count), place: Number(place) }))
    .reduce((top, line) => (line.count > (top?.count ?? 0) ? line : top), undefined);
}

const { library, queries } = lists();
const scratch = scratchFolder();
const home = database(library, 'olaf', (folder) => {
  mkdirSync(join(folder, '.olaf', 'db'), { recursive: true });
  for (const batch of batches(library, scratch)) {
    olaf(folder, 'store', ...batch.flatMap(({ raw, place }) => [raw, String(place)]));
  }
});
const recordings = pathsOf(library);
for (const batch of batches(queries, scratch)) {
  // One at a time: Olaf does not say which query a line answers.
  for (const { path, raw } of batch) {
    const answer = best(olaf(home, 'query', raw, 'query'));
    if (answer) console.log(`${path}\t${recordings[answer.place]}\t${answer.count}`);
  }
}
