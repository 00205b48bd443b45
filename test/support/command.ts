import { type ChildProcess, spawn } from 'node:child_process';
import { projectRoot } from '../../src/paths';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One of our compiled programs as a real process. Nothing of this process's environment but PATH reaches it. */
export function startCommand(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [`${projectRoot}/dist/${program}.js`, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
  return { child, ended };
}

/** The same, to its end. */
export function runCommand(program: string, args: readonly string[], environment: Record<string, string>) {
  return startCommand(program, args, environment).ended;
}
