/** The front end's WebAssembly, as it is committed: compiled from AssemblyScript, in base64 inside a TypeScript module. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const SOURCE = 'src/recognition/local/assembly/index.ts';
const GENERATED = join(root, 'src/recognition/local/frame-analysis.wasm.ts');

/** Compiles the sources with the pinned compiler: the text of the generated module. */
export async function compile() {
  const { default: asc } = await import('assemblyscript/asc');
  let binary;
  const { error, stderr } = await asc.main(
    [
      SOURCE,
      '--outFile',
      'out.wasm',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--use',
      'abort=',
    ],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(join(root, base, name), 'utf8');
        } catch {
          return null;
        }
      },
      writeFile: (_, contents) => {
        binary = contents;
      },
    },
  );
  const said = stderr.toString();
  if (error || said !== '') throw new Error(`${SOURCE} does not compile:\n${said || error.message}`);
  return [
    '/** Written by `npm run build:wasm` from `assembly/`: not to be edited. WebAssembly in base64. */',
    'export const FRAME_ANALYSIS_WASM =',
    `  '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
}

/** What is committed, with the line ends that were written. */
export function committed() {
  return readFileSync(GENERATED, 'utf8').replaceAll('\r\n', '\n');
}

export function write(text) {
  writeFileSync(GENERATED, text);
}
