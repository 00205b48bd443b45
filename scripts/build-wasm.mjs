/** `npm run build:wasm`: compiles src/recognition/local/assembly, for whoever changes it. The result is committed. */
import { install } from './lib/prepare.mjs';
import { compile, write } from './lib/wasm.mjs';

install();
write(await compile());
