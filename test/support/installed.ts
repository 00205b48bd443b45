import { spawnSync } from 'node:child_process';

/**
 * Is this program on the machine? Where it is not, the tests that need it are skipped, and this says so loudly: nobody
 * should take a skipped test for a passed one. `.ci/run` installs them.
 */
export function installed(...programs: string[]): boolean {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  for (const program of missing) {
    console.warn(`\n⚠ ${program} is not installed: the tests that need it are SKIPPED. See .ci/run.\n`);
  }
  return missing.length === 0;
}
