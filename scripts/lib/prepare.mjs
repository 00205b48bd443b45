/**
 * What stands between a fresh clone and a running program: packages from the lockfile, the pinned Node, compiled code.
 * Plain JavaScript for Node 20 and newer, without dependencies: it runs before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** OpenTelemetry 3 and vitest 5 need this one. */
const OLDEST_NODE = [22, 15];

function die(message) {
  console.error(message);
  process.exit(1);
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** Is what is installed what the lockfile says? Compared by version, so that it costs milliseconds. */
function installed() {
  const hidden = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, hidden))) return false;
  const have = readJson(hidden).packages;
  const want = readJson('package-lock.json').packages;
  // What only some platforms or installations have may be missing.
  const maybe = (entry) => entry.optional || entry.devOptional;
  return Object.entries(want).every(
    ([path, entry]) => path === '' || maybe(entry) || have[path]?.version === entry.version,
  );
}

export function install() {
  if (installed()) return;
  console.log('SODAV Monitor : installation des paquets (npm ci), une minute environ…');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) die("L'installation a échoué : voir le message de npm ci-dessus, puis relancer.");
}

/** The pinned Node that npm installed, or this one where the platform has none and it is new enough. */
export function pinnedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const pinned = join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', file);
  if (existsSync(pinned)) return pinned;
  const [major, minor] = process.versions.node.split('.').map(Number);
  const recent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  if (!recent) die(`Node ${OLDEST_NODE.join('.')} ou plus récent est nécessaire sur cette machine.`);
  return process.execPath;
}

/** Compiles; nothing to do takes well under a second. */
export function build() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(tsc)) return; // an installation without development packages comes compiled
  const { status } = spawnSync(pinnedNode(), [tsc, '-p', '.'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) die('La compilation a échoué.');
}

/**
 * Memory is given back: glibc's allocator would keep tens of megabytes of what many threads have freed, and V8 would let
 * its young generation grow to 64 MB while the library is loaded, for no measurable speed (docs/performance.md).
 */
const MEMORY = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '1048576',
};
const YOUNG_GENERATION = '--max-semi-space-size=4';

/** Everything that we start finds the pinned Node first, also when it starts programs itself. */
function environment() {
  const separator = process.platform === 'win32' ? ';' : ':';
  return { ...MEMORY, ...process.env, PATH: `${dirname(pinnedNode())}${separator}${process.env.PATH}` };
}

/** Runs the pinned Node with these arguments and ends as it ends. */
export function run(args, { env = {} } = {}) {
  const child = spawn(pinnedNode(), [YOUNG_GENERATION, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...environment(), ...env },
  });
  // A terminal sends Ctrl-C to the child as well: it stops in its own time, and so do we after it.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => die(`Impossible de lancer Node : ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/** Runs one step to its end; a failure ends everything with its status. */
export function step(title, file, args, env = {}) {
  console.log(`\n— ${title}`);
  const started = Date.now();
  const { status } = spawnSync(pinnedNode(), [join(root, file), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...environment(), ...env },
  });
  if (status !== 0) die(`\n${title} : échec.`);
  console.log(`${title} : ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** `--env-file` of the service, where there is one. */
export function envFile() {
  return existsSync(join(root, '.env')) ? ['--env-file=.env'] : [];
}
