/** `npm start`: from a fresh clone to a running SODAV Monitor. */
import { build, envFile, install, run } from './lib/prepare.mjs';

install();
build();
run([...envFile(), '--require', './dist/otel/bootstrap.js', './dist/src/main.js', ...process.argv.slice(2)]);
