import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../paths';
import { CONFIG_NAMES, ConfigError, loadConfig } from './config';

function findings(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.findings;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  test('nothing configured: demonstration on loopback, port 8000', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({ port: 8000, host: '127.0.0.1', demo: true, databaseUrl: undefined });
    expect(config.dataDir).toBe(join(projectRoot, 'data'));
  });

  test('a database of its own: no demonstration, unless asked for', () => {
    const DATABASE_URL = 'postgres://sodav@db/sodav';
    expect(loadConfig({ DATABASE_URL }).demo).toBe(false);
    expect(loadConfig({ DATABASE_URL, DEMO: 'on' }).demo).toBe(true);
    expect(loadConfig({ DEMO: 'off' }).demo).toBe(false);
  });

  test('an empty variable is an absent one', () => {
    expect(loadConfig({ PORT: '', DATABASE_URL: ' ' })).toEqual(loadConfig({}));
  });

  test('all errors at once, each with its variable and what is expected', () => {
    const found = findings({ PORT: '80000', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://x', DEMO: 'yes' });
    expect(found).toHaveLength(4);
    expect(found.join('\n')).toMatch(/^PORT : un nombre de 0 à 65535 est attendu \(reçu « 80000 »\)\.$/m);
    expect(found.join('\n')).toMatch(/^LOG_LEVEL : .*trace, debug, info, warn, error/m);
    expect(found.join('\n')).toMatch(/^DATABASE_URL : /m);
    expect(found.join('\n')).toMatch(/^DEMO : .*on, off/m);
  });

  test('a wrong secret is not shown', () => {
    expect(findings({ DATABASE_URL: 'mysql://me:hunter2@x' }).join()).not.toContain('hunter2');
  });

  test('secrets come from files too, one source at a time', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'key');
    writeFileSync(file, 'abc\n');
    expect(loadConfig({ ACOUSTID_KEY_FILE: file }).acoustid.key).toBe('abc');
    expect(findings({ ACOUSTID_KEY_FILE: file, ACOUSTID_KEY: 'x' })).toHaveLength(1);
    expect(findings({ AUDD_TOKEN_FILE: `${file}.absent` })[0]).toContain("n'existe pas");
    writeFileSync(file, '\n');
    expect(loadConfig({ ACOUSTID_KEY_FILE: file }).acoustid.key).toBeUndefined();
  });

  test('.env.example documents exactly what is understood, with the defaults that are in force', () => {
    const lines = readFileSync(join(projectRoot, '.env.example'), 'utf8').split('\n');
    const documented = lines.flatMap((line) => /^# ?([A-Z][A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
    const names = documented.filter((_, i) => i % 2 === 0);
    expect([...names].sort()).toEqual([...CONFIG_NAMES].sort());
    expect(new Set(names).size).toBe(names.length);
    const defaults = Object.fromEntries(
      names.map((name, i) => [name, documented[2 * i + 1]!]).filter(([name]) => !name!.endsWith('_FILE')),
    );
    expect(loadConfig(defaults)).toEqual(loadConfig({}));
  });
});
