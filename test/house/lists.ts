/** Rule 4: what implements a contract is in the list of its room, and a test runs over that list. */

import { isForTests, localImportsOf, type SourceFile } from './tree.ts';

export type ListRule = {
  readonly folder: string;
  /** The contract's name: a file that exports a constant of this type is a member. */
  readonly contract: string;
};

export const LISTS: readonly ListRule[] = [
  { folder: 'src/providers/', contract: 'Provider' },
  { folder: 'src/dialects/', contract: 'Dialect' },
  { folder: 'src/dialects/tasks/', contract: 'Wire' },
  { folder: 'src/routing/strategies/', contract: 'Strategy' },
];

export function listComplaints(files: readonly SourceFile[], { folder, contract }: ListRule): string[] {
  const inside = files.filter(({ path }) => path.startsWith(folder) && path.endsWith('.ts'));
  if (inside.length === 0) return [`${folder} is empty`];
  const index = inside.find(({ path }) => path === `${folder}index.ts`);
  if (index === undefined) return [`${folder}index.ts is missing`];
  const listed = new Set(localImportsOf(index));
  const unlisted = inside
    .filter((file) => file !== index && !isForTests(file.path) && isMember(file, contract))
    .filter(({ path }) => !listed.has(path))
    .map(({ path }) => `${path} is not in ${index.path}`);
  const room = folder.split('/').slice(0, 2).join('/');
  const tested = files.some(
    (file) =>
      file.path.startsWith(`${room}/`) &&
      /\.test\.ts$/.test(file.path) &&
      localImportsOf(file).includes(index.path),
  );
  return tested ? unlisted : [...unlisted, `no test in ${room} runs over ${index.path}`];
}

const isMember = ({ text }: SourceFile, contract: string): boolean =>
  new RegExp(`^export const \\w+(: ${contract}\\b| = [\\s\\S]*?\\bsatisfies ${contract}\\b)`, 'm').test(text);
