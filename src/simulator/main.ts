import { writeLibrary } from './library';
import { Broadcast } from './live/broadcast';
import { parseOptions, type SimulatorOptions } from './options';
import { SimulatorServer } from './server';

/** Milliseconds between two looks at whether the parent still lives. */
const PARENT_CHECK_MS = 1_000;

function readOptions(): SimulatorOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  const broadcast = new Broadcast(options);
  const server = new SimulatorServer(broadcast);
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    const timer = setTimeout(() => process.exit(0), 2_000);
    void server.close().finally(() => {
      clearTimeout(timer);
      process.exit(0);
    });
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  // Forked: the channel closes when the parent dies, however it dies.
  process.on('disconnect', end);
  const { parentPid } = options;
  if (parentPid !== undefined) {
    setInterval(() => {
      if (!alive(parentPid)) end();
    }, PARENT_CHECK_MS).unref();
  }
  if (options.writeLibrary !== undefined) {
    writeLibrary(options.writeLibrary, broadcast.repertoire, broadcast.audio);
  }
  await broadcast.prepare();
  const port = await server.listen(options.port, options.host);
  const ready = { ready: true, port, origin: broadcast.origin };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  process.send?.(ready);
}

main().catch((error: NodeJS.ErrnoException) => {
  const used = error.code === 'EADDRINUSE';
  process.stderr.write(used ? 'simulateur : ce port est déjà pris\n' : `simulateur : ${error.stack}\n`);
  process.exit(1);
});
