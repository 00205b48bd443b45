/** `npm test`: lint, format, types, and every test. Arguments go to vitest: `npm test -- src/plays`. */
import { build, install, pinnedNode, run, step } from './lib/prepare.mjs';

install();
console.log(`Node : ${pinnedNode()}`);
step('Style et mise en forme (biome)', 'node_modules/@biomejs/biome/bin/biome', [
  'check',
  '--error-on-warnings',
  '.',
]);
console.log('\n— Types (tsc)');
build();
console.log('\n— Tests (vitest)');
run(['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)], {
  env: { VITE_CONFIG_NATIVE_IGNORE_WARNING: 'true' },
});
