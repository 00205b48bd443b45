/**
 * `node bench/recognition/peers/audfprint.mjs <library list> <query list>`: audfprint (github.com/dpwe/audfprint, MIT) as a
 * peer of `npm run eval:recognition`. AUDFPRINT is the path of its `audfprint.py`, PYTHON a Python 3 that has what it
 * imports. Its defaults, but for times up to 25 minutes, as long pieces would overflow 6. Score: hashes of the query that
 * agree on one place in the recording, audfprint's own measure; it keeps quiet below five.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { database, die, lists, run } from './adapter.mjs';

const PYTHON = process.env.PYTHON ?? 'python3';
const AUDFPRINT = process.env.AUDFPRINT ?? '';

function audfprint(command, folder, list, ...options) {
  const dbase = join(folder, 'hashes.pklz');
  const missing = `Python introuvable (« ${PYTHON} ») : donner son chemin dans la variable PYTHON.`;
  return run(PYTHON, [AUDFPRINT, command, '--dbase', dbase, '--list', list, ...options], { missing });
}

const { library, queries } = lists();
if (!existsSync(AUDFPRINT)) {
  die(
    `audfprint introuvable (« ${AUDFPRINT} ») : donner le chemin d'audfprint.py dans la variable AUDFPRINT.`,
  );
}
const folder = database(library, 'audfprint', (empty) =>
  audfprint('new', empty, library, '--maxtimebits', '16'),
);
const lines = audfprint('match', folder, queries).matchAll(
  /^Matched (.+) [\d.]+ sec \d+ raw hashes as (.+) at +[-\d.]+ s with +(\d+) of +\d+ common hashes/gm,
);
for (const [, query, recording, score] of lines) console.log(`${query}\t${recording}\t${score}`);
