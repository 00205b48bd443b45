import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that holds package.json, whether this file runs from `src/` (tests) or from `dist/src/`. */
export const projectRoot: string = (() => {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
})();

/**
 * The compiled file of a program that runs in its own process or thread, e.g. `compiled('src/capture/decoder/main')`.
 * Always from `dist/`: Node runs no TypeScript with decorators, so tests build first.
 */
export function compiled(module: string): string {
  return join(projectRoot, 'dist', `${module}.js`);
}
