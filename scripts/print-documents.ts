/**
 * Writes the documents that are printed from code. With `--check` it writes nothing, names the stale ones and fails.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { known } from '../src/app.ts';
import { configurationMarkdown } from '../src/config/document.ts';
import { configurationJsonSchema } from '../src/config/json-schema.ts';
import { errorsMarkdown } from '../src/domain/failure-document.ts';
import { routesOnPaper } from '../src/http/admin/all-routes.ts';
import { adminApiMarkdown } from '../src/http/admin/api-document.ts';
import { providersMarkdown } from '../src/providers/provider-document.ts';

const root = resolve(import.meta.dirname, '..');

export type PrintedDocument = { readonly path: string; readonly print: () => string };

/** Paths are relative to the repository. */
export const PRINTED_DOCUMENTS: readonly PrintedDocument[] = [
  { path: 'docs/errors.md', print: () => errorsMarkdown() },
  { path: 'docs/configuration.md', print: configurationMarkdown },
  { path: 'docs/admin-api.md', print: () => adminApiMarkdown(routesOnPaper(known)) },
  { path: 'docs/providers.md', print: providersMarkdown },
  { path: 'docs/config.schema.json', print: () => `${JSON.stringify(configurationJsonSchema(), null, 2)}\n` },
];

/** Paths of the documents that differ from what the code prints. */
export const staleDocuments = (documents: readonly PrintedDocument[], folder = root): string[] =>
  documents
    .filter(({ path, print }) => readIfPresent(resolve(folder, path)) !== print())
    .map(({ path }) => path);

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function main(check: boolean): void {
  const stale = staleDocuments(PRINTED_DOCUMENTS);
  if (check) {
    if (stale.length > 0)
      console.error(`stale, run \`npm run print\`:\n${stale.map((path) => `  ${path}`).join('\n')}`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  for (const { path, print } of PRINTED_DOCUMENTS.filter((document) => stale.includes(document.path))) {
    mkdirSync(dirname(resolve(root, path)), { recursive: true });
    writeFileSync(resolve(root, path), print());
    console.log(`printed ${path}`);
  }
}

if (import.meta.main) main(process.argv.includes('--check'));
