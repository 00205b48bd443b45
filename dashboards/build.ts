import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DASHBOARDS, render } from './dashboards';
import { LANGUAGES } from './lib/phrase';

// `npm run dashboards:build`, from the project's root: writes what Grafana is provisioned with.
for (const language of LANGUAGES) {
  const folder = join(process.cwd(), 'dashboards', language);
  mkdirSync(folder, { recursive: true });
  for (const board of DASHBOARDS) writeFileSync(join(folder, `${board.file}.json`), render(board, language));
}
console.log(`${DASHBOARDS.length} tableaux de bord écrits en ${LANGUAGES.join(' et en ')}.`);
