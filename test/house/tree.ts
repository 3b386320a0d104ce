/** The repository as a list of texts, so that every house rule is a plain function from files to complaints. */

import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export type SourceFile = {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
};

export const REPOSITORY = resolve(import.meta.dirname, '../..');

const NOT_OURS = new Set(['node_modules', '.git', 'data', 'dist', 'coverage']);
const BINARY = /\.(png|jpe?g|gif|ico|svgz?|woff2?|gz|zip|br|zst|bin|db|sqlite)$/;

/** Every path below a folder of the repository, folders included (with a slash at their end). */
export function pathsBelow(folder = ''): string[] {
  return readdirSync(resolve(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return [`${path}/`, ...pathsBelow(path)];
    return entry.isFile() ? [path] : [];
  });
}

export const readFiles = (paths: readonly string[]): SourceFile[] =>
  paths
    .filter((path) => !path.endsWith('/') && !BINARY.test(path))
    .map((path) => ({ path, text: readFileSync(resolve(REPOSITORY, path), 'utf8') }));

/** What only tests load: they may know everything. */
export const isForTests = (path: string): boolean =>
  /\.(test|suite)\.ts$/.test(path) || path.startsWith('src/testing/') || path.includes('/fixtures/');

const IMPORT =
  /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

/** What a file imports, types included, as written. */
export const importsOf = (text: string): string[] =>
  [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');

/** Relative imports as paths from the repository's root. */
export const localImportsOf = ({ path, text }: SourceFile): string[] =>
  importsOf(text)
    .filter((name) => name.startsWith('.'))
    .map((name) => joined(path.split('/').slice(0, -1), name.split('/')));

function joined(folder: readonly string[], steps: readonly string[]): string {
  const path = [...folder];
  for (const step of steps) {
    if (step === '..') path.pop();
    else if (step !== '.') path.push(step);
  }
  return path.join('/');
}
