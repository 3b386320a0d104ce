/** Rule 5: a way to fail that the table names is a way in which something fails. */

import type { SourceFile } from './tree.ts';

/** Kinds that no source file says but the table itself. */
export function failureComplaints(kinds: readonly string[], files: readonly SourceFile[]): string[] {
  const sources = files.filter(
    ({ path }) =>
      path.startsWith('src/') && !/\.(test|suite)\.ts$/.test(path) && path !== 'src/domain/failure-table.ts',
  );
  return kinds
    .filter((kind) => !sources.some(({ text }) => text.includes(`'${kind}'`)))
    .map((kind) => `src/domain/failure-table.ts has the kind '${kind}', but nothing fails that way`);
}
