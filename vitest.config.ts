import { transform } from 'esbuild';
import { defineConfig, type Plugin } from 'vitest/config';

/**
 * Lowers stage-3 decorators, which the bundler's own transform leaves in place and Node does not run.
 * Everything else about the sources is what `tsc` checks; nothing here reports a type error.
 */
function lowerDecorators(): Plugin {
  return {
    name: 'lower-decorators',
    enforce: 'pre',
    async transform(code, id) {
      if (!/\.ts$/.test(id) || id.includes('node_modules')) return null;
      const out = await transform(code, {
        loader: 'ts',
        target: 'es2022',
        sourcefile: id,
        sourcemap: true,
        tsconfigRaw: { compilerOptions: { useDefineForClassFields: true, verbatimModuleSyntax: false } },
      });
      return { code: out.code, map: out.map };
    },
  };
}

export default defineConfig({
  oxc: false,
  plugins: [lowerDecorators()],
  test: {
    include: ['{src,otel,dashboards,docker,test,docs,scripts,bench}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Real databases, streams and processes: fewer files at once than cores would suggest gives steadier times.
    maxWorkers: 2,
    // How long anything is waited for is no claim of any test: a busy machine gets the time that it needs.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
