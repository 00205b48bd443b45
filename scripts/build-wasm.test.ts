import { expect, test } from 'vitest';
import { committed, compile } from './lib/wasm.mjs';

test('the committed WebAssembly is what its sources compile to', async () => {
  const same = committed() === (await compile());
  expect(same, 'run `npm run build:wasm` and commit what it writes').toBe(true);
});
