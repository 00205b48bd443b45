import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compiled } from '../../src/paths';
import { Exposition } from './telemetry';

/** A compiled program that runs under the bootstrap, in a process of its own. */
export interface TelemetryApp {
  readonly port: number;
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Its metrics; waits out the short time for which a scrape is served again. */
  scrape(): Promise<Exposition>;
  /** Ends it politely and gives its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the service of test/telemetry/app.ts with this environment and no OTEL_* of the machine's. */
export async function startTelemetryApp(
  environment: Record<string, string> = {},
  program = 'test/telemetry/app',
): Promise<TelemetryApp> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_'));
  const child = spawn(process.execPath, ['--require', compiled('otel/bootstrap'), compiled(program)], {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const port = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = /^port (\d+)$/m.exec(output);
      if (found) resolve(Number(found[1]));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
  return {
    port,
    process: child,
    output: () => output,
    async scrape() {
      await new Promise((resolve) => setTimeout(resolve, 150));
      const answer = await fetch(`http://127.0.0.1:${port}/api/metrics`);
      return new Exposition(await answer.text());
    },
    async stop() {
      if (child.exitCode !== null) return child.exitCode;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 30_000);
      const [code] = await gone;
      clearTimeout(killer);
      return code as number | null;
    },
  };
}

/** A local OTLP receiver: every request's path and body. */
export async function otlpReceiver() {
  const received: { path: string; body: Buffer }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ path: request.url ?? '', body: Buffer.concat(chunks) });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Polls until `check` holds. */
export async function eventually(check: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
