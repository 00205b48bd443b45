/** `node scripts/run.mjs <program> […]`: another program of this project, e.g. src/library/import-command. */
import { build, envFile, install, run } from './lib/prepare.mjs';

const [program, ...args] = process.argv.slice(2);
install();
build();
run([...envFile(), `./dist/${program}.js`, ...args]);
