import { createServer } from 'node:net';

/**
 * Where the system gives out no ports by itself (Linux from 32768 on, others from 49152 on): what else is started at the
 * same moment and takes any free port cannot take one of these before the program that it is meant for has it.
 */
const [FIRST, LAST] = [15_000, 32_000];

/** A port that was free a moment ago, at random, so that those who look at the same moment find different ones. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
