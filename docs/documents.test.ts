import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../src/paths';

/** What people read, and what it leads to. */
function markdown(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdown(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const root = readdirSync(projectRoot)
  .filter((name) => name.endsWith('.md'))
  .map((name) => join(projectRoot, name));
const documents = [...root, ...markdown(join(projectRoot, 'docs'))];
const scripts = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')).scripts as Record<
  string,
  string
>;

/** A secret is made by whoever installs, its example is there; a module is named without its ending. */
function isThere(name: string): boolean {
  const path = join(projectRoot, name);
  return ['', '.example', '.ts'].some((end) => existsSync(path + end));
}

/** GitHub's anchor of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[`*]/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

describe.each(documents.map((path) => [relative(projectRoot, path), path]))('%s', (_, path) => {
  const text = readFileSync(path, 'utf8');

  test('every link inside the project leads somewhere', () => {
    const broken: string[] = [];
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?|mailto):/.test(target!)) continue;
      const [file, fragment] = target!.split('#');
      const to = file === '' ? path : resolve(dirname(path), decodeURI(file!));
      if (!existsSync(to)) broken.push(target!);
      else if (fragment && to.endsWith('.md')) {
        const headings = [...readFileSync(to, 'utf8').matchAll(/^#+\s+(.*)$/gm)].map(([, h]) => anchor(h!));
        if (!headings.includes(decodeURIComponent(fragment))) broken.push(target!);
      }
    }
    expect(broken).toEqual([]);
  });

  test('every npm script that it names exists', () => {
    const named = [...text.matchAll(/\bnpm (?:run ([a-z:]+[a-z])|(start|test)\b)/g)].map(
      ([, a, b]) => a ?? b!,
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('every file of the project that it names exists', () => {
    const named = [...text.matchAll(/`((?:src|otel|dashboards|docker|docs|bench|test|scripts)\/[\w./-]+)`/g)];
    expect(named.map(([, name]) => name!).filter((name) => !isThere(name))).toEqual([]);
  });
});

test('the two READMEs name the same commands and the same documents', () => {
  const [english, french] = ['README.md', 'README.fr.md'].map((name) => {
    const text = readFileSync(join(projectRoot, name), 'utf8');
    return [...text.matchAll(/npm (?:run [a-z:]+|start|test)|docker compose up|\]\((?!README)[^)]+\)/g)].map(
      ([found]) => found,
    );
  });
  expect([...new Set(french)].sort()).toEqual([...new Set(english)].sort());
});
