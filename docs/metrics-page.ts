/** `npm run docs:metrics`: writes docs/metriques.md from the catalogue. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsPage } from '../otel/metrics/documentation';
import { projectRoot } from '../src/paths';

const path = join(projectRoot, 'docs/metriques.md');
writeFileSync(path, metricsPage());
console.log(`écrit : ${path}`);
